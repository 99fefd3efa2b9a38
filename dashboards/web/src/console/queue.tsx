/**
 * The queue: one row per open incident, its next step as a button.
 *
 * The one idea: of 500 rows only those are drawn that changed. What a row shows is reckoned for it alone, and its row
 * rests while that stays the same, whatever else happens on the board; only its clocks follow every second.
 */
import { useComputed } from "@preact/signals";
import type { IncidentView } from "@/core/api";
import { Band, band, isUntakenDanger } from "@/core/queue";
import { nextStep } from "@/core/steps";
import { formatClock } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Age, Button, Countdown, PriorityTag } from "@/ui/parts";
import { STEP_ICON, take } from "./actions";
import { Bar, begin, Outcome, Pick, picking } from "./bulk";
import { lines, nameOf } from "./flood";
import { Group } from "./group";
import { busy, held, incidentOf, letWaitingIn, nowMs, select, selected, shown } from "./model";
import { t, term } from "./words";

export function Queue() {
  const { rows, waiting } = shown.value;
  return (
    <section
      class="queue panel"
      aria-labelledby="queue-title"
      onPointerEnter={(event) => (held.value = event.pointerType === "mouse")}
      onPointerLeave={() => (held.value = false)}
    >
      <header>
        <h2 id="queue-title" class={picking.value ? "away" : ""}>{t("queue.title")}</h2>
        {picking.value ? <Bar /> : rows.length > 1 && <Button kind="quiet" onClick={begin}>{t("bulk.begin")}</Button>}
        {waiting.length > 0 && (
          <Button kind="primary" icon="up" onClick={letWaitingIn}>{t("queue.waiting", { n: waiting.length })}</Button>
        )}
      </header>
      <ol tabIndex={0} aria-label={t("queue.title")}>
        {rows.length === 0 && (
          <li class="calm"><Icon name="check" size={28} />{t("queue.empty")}</li>
        )}
        {lines(rows).map((line) => ("id" in line ? <Row key={line.id} id={line.id} /> : <Group key={nameOf(line.group)} {...line} />))}
      </ol>
    </section>
  );
}

function Row({ id }: { id: number }) {
  const incident = useComputed(() => incidentOf(id)).value;
  const chosen = useComputed(() => selected.value === id).value;
  const where = useComputed(() => bandOf(id)).value;
  if (incident === null || where === null) return null;
  const classes = [
    "row",
    `band-${Band[where].toLowerCase()}`,
    isUntakenDanger(incident) ? "flash" : "",
    chosen ? "chosen" : "",
    incident.closed_at === null ? "" : "gone",
  ];
  return (
    <li class={classes.join(" ")} data-incident={id} aria-current={chosen ? "true" : undefined}>
      <Pick id={id} />
      <PriorityTag priority={incident.priority} />
      <button type="button" class="row-main" onClick={() => select(id)}>
        <span class="what">
          <b>{term("kind", incident.kind)}</b>
          <span>{t("person.name_age", { name: incident.resident, age: incident.age })}</span>
          {incident.room && <span class="quiet">{term("room", incident.room)}</span>}
        </span>
        <span class="where">
          <Outcome id={id} />
          <Progress incident={incident} overdue={where === Band.Overdue} />
          <span class="address">{incident.address}</span>
        </span>
      </button>
      <span class={`clock ${where === Band.Overdue ? "overdue" : ""}`}>
        <Waiting since={incident.opened_at} />
        {incident.owner && <span class="owner"><Icon name="user" size={15} /><span>{incident.owner}</span></span>}
      </span>
      <NextStep incident={incident} />
    </li>
  );
}

function bandOf(id: number): Band | null {
  const incident = incidentOf(id);
  return incident === null ? null : band(incident, nowMs.value);
}

/** The clocks of a row, apart from it: they are all that changes every second. */
const Waiting = ({ since }: { since: string }) => <Age since={since} now={nowMs.value} />;
const Left = ({ to }: { to: string }) => <Countdown to={to} now={nowMs.value} />;

/** Where it stands, who owns it, and how long until its timer fires. */
function Progress({ incident, overdue }: { incident: IncidentView; overdue: boolean }) {
  if (incident.state === "detected" && incident.due_at !== null) {
    return <span class="progress confirming">{t("state.detected")} <Left to={incident.due_at} /></span>;
  }
  return (
    <span class={`progress ${overdue ? "overdue" : ""}`}>
      {overdue && <b>{t("queue.overdue")}</b>}
      <span>{term("state", incident.state)}</span>
      {incident.responder && <span>{incident.responder}{eta(incident)}</span>}
    </span>
  );
}

function eta(incident: IncidentView): string {
  if (incident.eta_at === null || incident.state !== "en_route") return "";
  return ` ${t("queue.eta", { at: formatClock(incident.eta_at).slice(0, 5) })}`;
}

function NextStep({ incident }: { incident: IncidentView }) {
  const next = nextStep(incident.state);
  const waits = useComputed(() => busy.value.has(incident.id)).value;
  if (next === null) return <span class="no-step" />;
  return (
    <Button
      kind={next === "ack" ? "primary" : "plain"}
      icon={STEP_ICON[next]}
      disabled={waits || incident.closed_at !== null}
      onClick={() => take(incident, next)}
    >
      {t(`action.${next}`)}
    </Button>
  );
}
