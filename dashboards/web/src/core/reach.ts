/**
 * Who is reached in time: circles around where help starts from, and what lies outside all of them.
 *
 * What this is: pure geometry. What it is not: an estimate of travel; how far somebody gets is said by the
 * server (`reach_m`), which asks the same estimate when it looks for helpers.
 */
import { distanceMetres, type Position } from "./geo";

export interface Base extends Position {
  /** As the crow flies, in the time that is asked about. */
  readonly reach_m: number;
}

const DEGREE_M = 110_500; // less than any degree of latitude is long: a cheap test that never errs

/** Those of `homes` that nobody of `bases` reaches, in their order. */
export function outside<T extends Position>(homes: readonly T[], bases: readonly Base[]): T[] {
  return homes.filter((home) => !bases.some((base) => reaches(base, home)));
}

export function reaches(base: Base, place: Position): boolean {
  if (Math.abs(base.latitude - place.latitude) * DEGREE_M > base.reach_m) return false;
  return distanceMetres(base, place) <= base.reach_m;
}

/** The smallest convex outline around `places`, for an area that nobody has drawn (Andrew's monotone chain). */
export function hull<T extends Position>(places: readonly T[]): T[] {
  const sorted = [...places].sort((a, b) => a.longitude - b.longitude || a.latitude - b.latitude);
  if (sorted.length < 3) return sorted;
  const [lower, upper] = [chain(sorted), chain(sorted.reverse())];
  return [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

function chain<T extends Position>(sorted: readonly T[]): T[] {
  const kept: T[] = [];
  for (const place of sorted) {
    while (kept.length > 1 && !turnsLeft(kept[kept.length - 2]!, kept[kept.length - 1]!, place)) kept.pop();
    kept.push(place);
  }
  return kept;
}

function turnsLeft(a: Position, b: Position, c: Position): boolean {
  return (b.longitude - a.longitude) * (c.latitude - a.latitude) - (b.latitude - a.latitude) * (c.longitude - a.longitude) > 0;
}
