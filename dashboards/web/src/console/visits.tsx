/** `/console/visits`: who is owed a visit within two days and in no plan, and why; the longest overdue first. */
import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { locale } from "@/core/i18n";
import { formatClock, formatDay } from "@/core/time";
import { session } from "@/sign/session";
import { sending } from "@/sign/send";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import "./desk.css";
import { days, due, failed, plan, planned, readDue, type Due, type DueView, type Planned } from "./due";
import { openHome } from "./model";
import { dayIn, tag } from "./names";
import { t, term } from "./words";

/** While a plan is being made, the list is read again so often. */
const AGAIN_MS = 15_000;

export function VisitsPage() {
  useSignalEffect(() => {
    void locale.value; // the sentences are the server's
    void readDue();
  });
  const waits = planned.value.some((one) => one.pending > 0);
  useEffect(() => {
    if (!waits) return;
    const again = setInterval(() => void readDue(), AGAIN_MS);
    return () => clearInterval(again);
  }, [waits]);
  const found = due.value;
  return (
    <main class="desk-page">
      <section class="panel wide" aria-labelledby="due-title">
        <header class="desk-head">
          <h2 id="due-title">{t("due_list.title")}{found !== null && <small class="digits"> {counted(found)}</small>}</h2>
          <span class="desk-does">
            <Plan />
            <Button icon="undo" onClick={() => void readDue()}>{t("desk.again")}</Button>
          </span>
        </header>
        <p class="quiet">{t("due_list.about")}</p>
        <ul class="due-plans" aria-live="polite">
          {planned.value.map((one, ahead) => <li key={ahead}><b>{t(ahead === 0 ? "home.today" : "due_list.tomorrow")}</b> {became(one)}</li>)}
        </ul>
        {failed.value !== null && <p class="desk-old" role="alert">{t(failed.value === "refused" ? "home.refused" : "desk.unread")}</p>}
        {found === null ? failed.value === null && <p class="quiet" role="status">{t("app.loading")}</p> : <List found={found} />}
      </section>
    </main>
  );
}

function counted({ rows, more, atMs }: Due): string {
  const n = more ? `${rows.length}+` : `${rows.length}`;
  return t("due_list.count", { n, late: rows.filter((one) => one.overdue).length, at: formatClock(atMs).slice(0, 5) });
}

function became({ townships, pending, visits, left, faulty }: Planned): string {
  if (townships === 0) return t("due_list.not_planned");
  if (pending > 0) return t("due_list.pending", { n: pending });
  const made = t("due_list.made", { n: townships, visits, left });
  return faulty === 0 ? made : `${made} ${t("due_list.faulty", { n: faulty })}`;
}

function Plan() {
  if (session.value?.permissions.includes("lead_visits") !== true) return null;
  return (
    <>
      {days().map((day, ahead) => (
        <Button key={day} icon="list" disabled={sending.value} onClick={() => void plan(day)}>{t(ahead === 0 ? "due_list.plan_today" : "due_list.plan_tomorrow")}</Button>
      ))}
    </>
  );
}

function List({ found }: { found: Due }) {
  if (found.rows.length === 0) return <p class="calm"><Icon name="check" size={28} />{t("due_list.none")}</p>;
  return (
    <>
      <table class="due-list">
        <thead>
          <tr>{(["when", "who", "what", "last", "why"] as const).map((name) => <th key={name}>{t(`due_list.${name}`)}</th>)}</tr>
        </thead>
        <tbody>{found.rows.map((one) => <Row key={one.resident_id} one={one} />)}</tbody>
      </table>
      {found.more && <p class="quiet">{t("due_list.more")}</p>}
    </>
  );
}

function Row({ one }: { one: DueView }) {
  return (
    <tr class={one.overdue ? "late" : ""}>
      <td class="digits">{t(one.overdue ? "home.overdue_since" : "home.due_by", { day: formatDay(one.due_at, tag()) })}</td>
      <td>
        <button type="button" class="link-row" onClick={() => openHome(one.home_id)}>
          <span><b>{one.resident}</b> <span class="quiet">{one.address}</span></span>
        </button>
      </td>
      <td>{one.name === "" ? term("due", one.reason) : one.name}<small>{term("group", one.group)}{one.n > 1 && ` · ${t("due_list.others", { n: one.n - 1 })}`}</small></td>
      <td class="digits">
        {one.seen_at === null ? t("due_list.never") : formatDay(one.seen_at, tag())}
        {one.tried_at !== null && <small class="worry">{t("due_list.tried", { day: formatDay(one.tried_at, tag()) })}</small>}
      </td>
      <td>{one.not_yet ?? t("due_list.unplanned")}{one.left_on !== null && <small>{t("due_list.by_plan", { day: dayIn(one.left_on, tag()) })}</small>}</td>
    </tr>
  );
}
