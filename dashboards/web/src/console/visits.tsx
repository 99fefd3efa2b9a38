/** `/console/visits`: who is owed a visit within two days and in no plan, and why; the longest overdue first. */
import { useSignalEffect } from "@preact/signals";
import { locale } from "@/core/i18n";
import { formatClock, formatDay } from "@/core/time";
import { session } from "@/sign/session";
import { sending } from "@/sign/send";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import "./desk.css";
import { due, failed, plan, readDue, type Due, type DueView } from "./due";
import { dayOf } from "./home/order";
import { nowMs, openHome } from "./model";
import { dayIn, tag } from "./names";
import { t, term } from "./words";

const DAY_MS = 86_400_000;

export function VisitsPage() {
  useSignalEffect(() => {
    void locale.value; // the sentences are the server's
    void readDue();
  });
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

function Plan() {
  if (session.value?.permissions.includes("lead_visits") !== true) return null;
  const [today, tomorrow] = [nowMs.peek(), nowMs.peek() + DAY_MS].map((ms) => dayOf(new Date(ms)));
  return (
    <>
      {today !== undefined && <Button icon="list" disabled={sending.value} onClick={() => void plan(today)}>{t("due_list.plan_today")}</Button>}
      {tomorrow !== undefined && <Button icon="list" disabled={sending.value} onClick={() => void plan(tomorrow)}>{t("due_list.plan_tomorrow")}</Button>}
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
