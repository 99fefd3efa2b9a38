/** One row for many homes: what happened where, how many, since when; it opens, and is taken at once. */
import type { Row } from "@/core/flood";
import { band, Band } from "@/core/queue";
import { Icon } from "@/ui/icons";
import { Age, Button, PriorityTag } from "@/ui/parts";
import { flip, membersOf, nameOf, takeAll, taking } from "./flood";
import "./group.css";
import { nowMs } from "./model";
import { t, term } from "./words";

export function Group({ group, open }: { group: Row; open: boolean }) {
  const members = membersOf(group);
  const [first] = members;
  if (first === undefined) return null;
  const waiting = members.filter((one) => one.state === "raised").length;
  const oldest = members.reduce((least, one) => (one.opened_at < least ? one.opened_at : least), first.opened_at);
  const urgency = Math.min(...members.map((one) => one.priority));
  const late = band(first, nowMs.value) === Band.Overdue;
  return (
    <li class={`row group ${urgency <= 1 && waiting > 0 ? "flash" : ""}`} data-group={nameOf(group)}>
      <PriorityTag priority={urgency} />
      <button type="button" class="row-main" aria-expanded={open} onClick={() => flip(group)}>
        <span class="what"><Icon name={open ? "up" : "list"} size={18} /><b>{titleOf(group)}</b></span>
        <span class="where"><span class={`progress ${late ? "overdue" : ""}`}>{t("group.of", { n: members.length, state: term("state", first.state) })}</span></span>
      </button>
      <span class={`clock ${late ? "overdue" : ""}`}><Age since={oldest} now={nowMs.value} /></span>
      {waiting > 0 ? (
        <Button kind="primary" icon="check" disabled={taking.value} onClick={() => void takeAll(group)}>{t("group.take_all")}</Button>
      ) : <span class="no-step" />}
    </li>
  );
}

function titleOf(group: Row): string {
  const own = term("cause", group.cause);
  const cause = own === group.cause ? term("kind", group.cause) : own;
  return t("group.title", { cause, area: group.incidents[0]?.area_name ?? "", n: group.homes });
}
