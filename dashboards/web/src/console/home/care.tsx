/** What is owed to the person: how often somebody goes, why, and what is due next. */
import type { DutyOf } from "@/core/home-api";
import { formatDay } from "@/core/time";
import { t, term } from "../words";
import { tag } from "../names";
import { Panel } from "./panel";
import { duty } from "./state";

const MOST_OWED = 5;

export function Care() {
  return (
    <Panel name="care" title={t("home.care")} of={duty.value.value === null && duty.value.why === "refused" ? { value: null, why: "refused" } : duty.value}>
      {(found) => <Facts found={found} />}
    </Panel>
  );
}

function Facts({ found }: { found: DutyOf }) {
  const reasons = [
    ...found.difficulties.map((one) => term("difficulty", one)),
    ...found.conditions.map((one) => term("condition", one)),
  ];
  return (
    <>
      <p>{t("home.period", { group: term("group", found.group), days: found.period_days })}</p>
      {reasons.length > 0 && <p class="facts">{reasons.map((one) => <span key={one} class="chip">{one}</span>)}</p>}
      <ul class="home-owed">
        {found.owed.slice(0, MOST_OWED).map((one) => (
          <li key={`${one.reason}/${one.due_at}`} class={one.overdue ? "overdue" : ""}>
            <b>{one.name === "" ? term("due", one.reason) : one.name}</b>
            <span>{t(one.overdue ? "home.overdue_since" : "home.due_by", { day: formatDay(one.due_at, tag()) })}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
