/**
 * Homes that a worker may visit without a plan, and the visit that is begun at one.
 *
 * Pure. The one idea: a visit that nobody planned is a visit like any other from its first word on; its key is drawn here,
 * so that the server can make it from whatever of it gets through first.
 */
import type { components } from "@/core/schema";
import { course, type Day, type DayVisit } from "./day";
import type { Item } from "./outbox";

export type OpenDoors = components["schemas"]["OpenDoors"];
export type OpenDoor = components["schemas"]["OpenDoor"];
export type VisitKind = OpenDoor["kind"];

/** A visit that was begun on this device without a plan, and when. */
export interface Added {
  /** Who began it. */
  readonly staff: number;
  readonly at: DayVisit;
  readonly atMs: number;
}

/** What a worker may begin by themselves; the office plans campaigns. */
export const KINDS: readonly VisitKind[] = ["regular", "welfare", "after_incident", "service", "assessment", "equipment", "emergency"];

/** Those in whose name or address every word of `words` stands; all of them where there is none. */
export function matching(doors: readonly OpenDoor[], words: string): OpenDoor[] {
  const wanted = words.toLowerCase().split(/\s+/);
  return doors.filter((door) => wanted.every((word) => `${door.resident} ${door.address}`.toLowerCase().includes(word)));
}

/** The visit of `kind` that begins at `door`, as a day shows it; `id` 0: the server has not heard of it. */
export function unplanned({ resident_id, home_id, resident, address, kind: _, ...door }: OpenDoor, kind: VisitKind, key: string): DayVisit {
  return {
    ...door,
    visit: {
      id: 0, key, home_id, resident_id, resident, address, kind, way: "home", services: [], state: "planned",
      staff_id: null, staff: null, second_id: null, open_at: null, due_at: null, planned_at: null,
      cancelled_at: null, cancelled_why: "", began_at: null, ended_at: null, by_id: null, seen: null,
      arrival: null, departure: null, complete: false, faults: [], worries: [], worse: [], conflicts: [], clock_off_s: 0, hours: "",
    },
    minutes: 0,
    people: kind === "assessment" ? 2 : 1,
    skills: [],
    last: null,
  };
}

/** `day` with what was begun here and the server does not name in it yet. */
export function withAdded(day: Day, added: readonly Added[]): Day {
  const known = new Set(day.visits.map((one) => one.visit.key));
  const more = added.map((one) => one.at).filter((at) => !known.has(at.visit.key));
  return more.length === 0 ? day : { ...day, visits: [...day.visits, ...more] };
}

/** `added` after the server has said how `visit` stands. */
export function withHeard(added: readonly Added[], visit: DayVisit["visit"]): readonly Added[] {
  return added.map((one) => (one.at.visit.key === visit.key ? { ...one, at: { ...one.at, visit } } : one));
}

/** Those that the server names in each day that is asked for from now on, where they belong to it. */
export function begun(added: readonly Added[]): readonly Added[] {
  return added.filter((one) => one.at.visit.began_at !== null);
}

/** The visit that was begun at this door already and of which nothing has been said: a second press is no second visit. */
export function unsaid(added: readonly Added[], items: readonly Item[], door: OpenDoor, kind: VisitKind): DayVisit | undefined {
  return added.map((one) => one.at).find((at) => at.visit.resident_id === door.resident_id && at.visit.kind === kind && course(at, items).stage === "planned");
}
