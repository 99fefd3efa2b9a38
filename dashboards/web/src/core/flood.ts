/**
 * Many alarms of one cause and place are one row.
 *
 * Pure, and the same rule as `cloud/incidents/flood.py`, which explains it; `tests/web/flood.json` holds the two
 * together. It stands here too because the screen follows changes: a group must open, grow and go with them.
 */
import type { IncidentView } from "./api";

const APART_MS = 10 * 60_000; // EEMUA 191 counts alarms per ten minutes
const FEWEST_EQUIPMENT = 3; // homes; two neighbours are no outage
const FEWEST_PEOPLE = 11; // homes; more than ten alarms in ten minutes are a flood (EEMUA 191)

export const EQUIPMENT: ReadonlySet<string> = new Set([
  "area_outage", "battery_low", "device_fault", "gateway_silent", "mains_lost", "not_worn", "sensor_silent", "tamper",
]);
export const CAUSES: Readonly<Record<string, string>> = { area_outage: "outage", gateway_silent: "outage", mains_lost: "outage" };

/** One row of the queue: one incident, or several in the order of the queue. */
export interface Row {
  readonly cause: string;
  readonly incidents: readonly IncidentView[];
  /** Concerned homes; an outage names some that have no incident of their own. */
  readonly homes: number;
}

export function cause(incident: IncidentView): string {
  return CAUSES[incident.kind] ?? incident.kind;
}

/** The ordered `queue` with floods as one row each, where the most urgent of each stands. */
export function rows(queue: readonly IncidentView[]): Row[] {
  const gathered = new Map<number, Row>();
  for (const flood of floods(queue)) {
    const row = rowOf(flood);
    if (row.homes >= fewest(row)) for (const { id } of flood) gathered.set(id, row);
  }
  return queue.flatMap((one) => {
    const row = gathered.get(one.id) ?? rowOf([one]);
    return row.incidents[0]?.id === one.id ? [row] : [];
  });
}

function floods(queue: readonly IncidentView[]): IncidentView[][] {
  const alike = new Map<string, IncidentView[]>();
  for (const one of queue) {
    if (!one.area || one.state === "detected") continue;
    const key = `${cause(one)} ${one.area} ${one.state === "raised"}`;
    const same = alike.get(key);
    if (same === undefined) alike.set(key, [one]);
    else same.push(one);
  }
  return [...alike.values()].flatMap(cut);
}

/** Incidents of one cause and place, cut where it paused; the order stays. */
function cut(same: readonly IncidentView[]): IncidentView[][] {
  const begins: number[] = [];
  let before = -Infinity;
  for (const at of same.map((one) => Date.parse(one.opened_at)).sort((a, b) => a - b)) {
    if (at - before > APART_MS) begins.push(at);
    before = at;
  }
  return begins.map((begin, n) => {
    const end = begins[n + 1] ?? Infinity;
    return same.filter((one) => begin <= Date.parse(one.opened_at) && Date.parse(one.opened_at) < end);
  });
}

function rowOf(incidents: readonly IncidentView[]): Row {
  const homes = new Set(incidents.map((one) => one.home_id));
  for (const one of incidents) {
    const named = one.kind === "area_outage" ? one.evidence["homes"] : undefined;
    if (Array.isArray(named)) for (const home of named) homes.add(Number(home));
  }
  const [first] = incidents;
  return { cause: first === undefined ? "" : cause(first), incidents, homes: homes.size };
}

function fewest(row: Row): number {
  return EQUIPMENT.has(row.incidents[0]?.kind ?? "") ? FEWEST_EQUIPMENT : FEWEST_PEOPLE;
}
