/**
 * What the console knows: a snapshot, and the changes since.
 *
 * What this is: pure functions from one state to the next. What it is not: no network, no signals.
 * The one idea: *old snapshot + changes = new snapshot*; a change that comes twice, late or out of order makes no
 * difference, because a record only ever moves to a higher version.
 */
import type { HomeView, IncidentView, Snapshot } from "./api";

export interface Board {
  /** The id of the last change applied; where a new stream continues. */
  readonly seq: number;
  /** Every incident known, the ones that closed lately too. */
  readonly incidents: ReadonlyMap<number, IncidentView>;
  readonly homes: ReadonlyMap<number, HomeView>;
}

export type Change = { readonly topic: "inc"; readonly body: IncidentView } | { readonly topic: "home"; readonly body: HomeView };

export const EMPTY: Board = { seq: 0, incidents: new Map(), homes: new Map() };

/** How long a closed incident still counts for the alarm rate, and may be looked at again. */
const KEEP_CLOSED_MS = 15 * 60_000;

/** The board a snapshot describes. Incidents that closed within a quarter of an hour are carried over. */
export function fromSnapshot(snapshot: Snapshot, before: Board = EMPTY): Board {
  const now = Date.parse(snapshot.now);
  const closed = [...before.incidents.values()].filter((i) => i.closed_at !== null && isRecent(i, now));
  const incidents = new Map(closed.map((i) => [i.id, i]));
  for (const incident of snapshot.incidents) incidents.set(incident.id, incident);
  return { seq: snapshot.seq, incidents, homes: new Map(snapshot.homes.map((home) => [home.id, home])) };
}

/** The board after one change of the stream. */
export function apply(board: Board, seq: number, change: Change): Board {
  const moved = { ...board, seq: Math.max(board.seq, seq) };
  if (change.topic === "home") return { ...moved, homes: new Map(board.homes).set(change.body.id, change.body) };
  return upsert(moved, change.body);
}

/** The board with `incident`, unless it already holds a newer version. */
export function upsert(board: Board, incident: IncidentView): Board {
  const held = board.incidents.get(incident.id);
  if (held !== undefined && held.version > incident.version) return board;
  return { ...board, incidents: new Map(board.incidents).set(incident.id, incident) };
}

/** The incidents that still need something, in no order. */
export function open(board: Pick<Board, "incidents">): IncidentView[] {
  return [...board.incidents.values()].filter((incident) => incident.closed_at === null);
}

/** How many incidents opened in the ten minutes before `nowMs`. */
export function recentAlarms(board: Pick<Board, "incidents">, nowMs: number): number {
  const WINDOW_MS = 10 * 60_000; // EEMUA 191 counts alarms per ten minutes
  return [...board.incidents.values()].filter((i) => nowMs - Date.parse(i.opened_at) < WINDOW_MS).length;
}

function isRecent(incident: IncidentView, nowMs: number): boolean {
  return incident.closed_at !== null && nowMs - Date.parse(incident.closed_at) < KEEP_CLOSED_MS;
}
