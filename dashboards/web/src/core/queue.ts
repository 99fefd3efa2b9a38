/**
 * In which order an operator sees incidents, and when that order may change.
 *
 * Pure. The one idea: the order is decided by danger, but while the pointer rests on the list nothing may slide
 * under it, except a new danger to life; what is new waits behind a bar and is counted there.
 */
import type { IncidentState, IncidentView } from "./api";

/** Where an incident stands in the queue; the smaller, the higher. */
export enum Band {
  Unacknowledged = 0,
  /** The resident may still cancel; seconds from now it may be an alarm. */
  Confirming = 1,
  Overdue = 2,
  InProgress = 3,
}

const LIFE = 1;
/** States that are only waiting for paper; they are never overdue in the queue. */
const DONE: ReadonlySet<IncidentState> = new Set<IncidentState>([
  "cancelled_local", "resolved", "auto_resolved", "follow_up", "closed",
]);

export function band(incident: IncidentView, nowMs: number): Band {
  if (incident.state === "detected") return Band.Confirming;
  if (incident.state === "raised") return Band.Unacknowledged;
  return isOverdue(incident, nowMs) ? Band.Overdue : Band.InProgress;
}

/** Whether the state's own timer has run out. */
export function isOverdue(incident: IncidentView, nowMs: number): boolean {
  return incident.due_at !== null && !DONE.has(incident.state) && Date.parse(incident.due_at) < nowMs;
}

/** Incidents as the queue shows them: band, then priority, then the oldest first. */
export function order(incidents: readonly IncidentView[], nowMs: number): IncidentView[] {
  const keyed = incidents.map((incident) => ({ incident, band: band(incident, nowMs), openedMs: Date.parse(incident.opened_at) }));
  keyed.sort(
    (a, b) =>
      a.band - b.band ||
      a.incident.priority - b.incident.priority ||
      a.openedMs - b.openedMs ||
      a.incident.id - b.incident.id,
  );
  return keyed.map(({ incident }) => incident);
}

export interface Shown {
  /** Ids from top to bottom. */
  readonly rows: readonly number[];
  /** Ids of new incidents held back. */
  readonly waiting: readonly number[];
}

/**
 * The rows to show next. `wanted` is the ordered queue; while `held`, the rows shown keep their places (closed
 * ones too), a danger to life that nobody has taken goes on top, and everything else new waits.
 */
export function arrange(shown: readonly number[], wanted: readonly IncidentView[], held: boolean): Shown {
  if (!held || shown.length === 0) return { rows: wanted.map((incident) => incident.id), waiting: [] };
  const known = new Set(shown);
  const urgent = wanted.filter((incident) => isUntakenDanger(incident)).map((incident) => incident.id);
  return {
    rows: [...urgent, ...shown.filter((id) => !urgent.includes(id))],
    waiting: wanted.filter(({ id }) => !known.has(id) && !urgent.includes(id)).map((incident) => incident.id),
  };
}

/** Nobody has answered for a danger to life: it may push anything aside, and it flashes. */
export function isUntakenDanger(incident: IncidentView): boolean {
  return incident.priority <= LIFE && incident.state === "raised";
}

/** The id `step` rows below (or above) `selected`; the first row when nothing is selected. */
export function neighbour(rows: readonly number[], selected: number | null, step: 1 | -1): number | null {
  if (rows.length === 0) return null;
  const at = selected === null ? -1 : rows.indexOf(selected);
  if (at < 0) return rows[0] ?? null;
  return rows[Math.min(rows.length - 1, Math.max(0, at + step))] ?? null;
}
