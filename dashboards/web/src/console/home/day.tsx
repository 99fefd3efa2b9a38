/** One day closely: a lane for each place, what was alarmed and visited, and everything that happened in words. */
import { days, height, midnight, QUARTERS, runs } from "@/core/activity";
import type { IncidentView } from "@/core/api";
import type { ActivityView, EventsView, VisitView } from "@/core/home-api";
import { t, term } from "../words";
import { formatClock } from "@/core/time";
import { Shape } from "@/ui/icons";
import { nowMs, select } from "../model";
import { dayName, placeColour, placeName } from "../names";
import { Panel } from "./panel";
import { activity, dayMs, DAYS, daysBack, events, incidents, visits } from "./state";
import { Hours } from "./week";

export function Day() {
  const back = daysBack.value;
  return (
    <Panel name="day" title={t("home.day", { day: dayName(dayMs.value, back) })} of={activity.value}>
      {(found) => (
        <>
          <Lanes found={found} />
          <Happened />
        </>
      )}
    </Panel>
  );
}

function Lanes({ found }: { found: ActivityView }) {
  const day = days(found, midnight(nowMs.value, DAYS - 1), DAYS)[daysBack.value];
  if (day === undefined) return null;
  const over = Math.max(0, Math.min(QUARTERS, (nowMs.value - day.beginMs) / 900_000));
  return (
    <div class="lanes">
      {found.lines.map((line, index) => (
        <div class="lane" key={`${line.room}/${line.place}`}>
          <b>{placeName(line)}</b>
          <svg class="strip" viewBox={`0 0 ${QUARTERS} 1`} preserveAspectRatio="none" aria-hidden="true">
            {runs((day.lines[index] ?? []).map((signs) => (signs === null ? null : { signs, line: index }))).map(({ from, to, cell }) => {
              if (cell === null) return from < over && <rect key={from} class="gap" x={from} y={0} width={Math.min(to, over) - from} height={1} />;
              const tall = height(cell.signs);
              return tall > 0 && <rect key={from} class={placeColour(line)} x={from} y={1 - tall} width={to - from} height={tall} />;
            })}
          </svg>
          <small>{total(day.lines[index] ?? [])}</small>
        </div>
      ))}
      <Hours />
    </div>
  );
}

function total(signs: readonly (number | null)[]): string {
  if (signs.every((n) => n === null)) return t("home.no_data");
  return t("home.times", { n: signs.reduce<number>((sum, n) => sum + (n ?? 0), 0) });
}

interface Line {
  readonly at: string;
  readonly key: string;
  readonly incident: IncidentView | null;
  readonly text: string;
}

/** Incidents, visits and what devices said, in the order of time. */
function Happened() {
  const [from, to] = [dayMs.value, midnight(dayMs.value, -1)];
  const lines = [...ofIncidents(incidents.value.value ?? []), ...ofVisits(visits.value.value ?? []), ...ofEvents(events.value.value)]
    .filter((line) => Date.parse(line.at) >= from && Date.parse(line.at) < to)
    .sort((a, b) => b.at.localeCompare(a.at));
  if (events.value.value === null && events.value.why === "loading") return <p class="quiet" role="status">{t("app.loading")}</p>;
  if (lines.length === 0) return <p class="quiet">{t("home.nothing_happened")}</p>;
  return (
    <ol class="happened" tabIndex={0} aria-label={t("home.happened")}>
      {lines.map((line) => (
        <li key={line.key}>
          <time dateTime={line.at}>{formatClock(line.at).slice(0, 5)}</time>
          {line.incident === null ? <span>{line.text}</span> : <IncidentLine incident={line.incident} text={line.text} />}
        </li>
      ))}
    </ol>
  );
}

function IncidentLine({ incident, text }: { incident: IncidentView; text: string }) {
  return (
    <button type="button" class={`link-row legend-p${incident.priority}`} onClick={() => select(incident.id)}>
      <Shape priority={incident.priority} /><b>{text}</b>
    </button>
  );
}

function ofIncidents(found: readonly IncidentView[]): Line[] {
  return found.map((incident) => {
    const end = incident.outcome === null ? term("state", incident.state) : term("outcome", incident.outcome);
    return { at: incident.opened_at, key: `i${incident.id}`, incident, text: `${term("kind", incident.kind)} · ${end}` };
  });
}

function ofVisits(found: readonly VisitView[]): Line[] {
  return found.flatMap((visit) => {
    if (visit.began_at === null) return [];
    return [{ at: visit.began_at, key: `v${visit.id}`, incident: null, text: `${term("visit_kind", visit.kind)} · ${visit.staff ?? ""}` }];
  });
}

function ofEvents(found: EventsView | null): Line[] {
  return (found?.events ?? []).map((event, index) => {
    const where = event.room === "" ? term("device", event.device_kind || "other") : `${term("room", event.room)} · ${term("device", event.device_kind)}`;
    return { at: event.observed_at, key: `e${index}`, incident: null, text: `${term("event", event.kind)} · ${where}` };
  });
}
