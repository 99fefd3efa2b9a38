/**
 * What the wall shows at a moment. Pure.
 *
 * The one idea: nothing on a wall scrolls and nobody touches it, so time turns the pages; a danger to life that nobody
 * has taken stays on all of them, and takes the other half of the wall as well.
 */
import type { WallRow } from "./link";

export const PAGE_MS = 12_000;
export const ROWS = 8;
export const MOST_PAGES = 3; // more than that nobody waits for; the rest is a number
const LIFE = 1;
const HOUR_MS = 3_600_000;
const STEP_PX = 3; // a pixel of a still picture burns in; three are not noticed
const SHIFTS = [[0, 0], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1]] as const;
const RELOAD_AT_H = 4;

export interface Turn {
  readonly rows: readonly WallRow[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  /** Incidents that no page shows. */
  readonly more: number;
  /** The danger to life that takes over, and which of how many it is; none: the places are shown. */
  readonly danger: WallRow | null;
  readonly dangerNumber: number;
  readonly dangers: number;
}

/** Whether nobody has answered for a danger to life. */
export function isDanger(row: WallRow): boolean {
  return row.priority <= LIFE && !row.taken;
}

/** The wall at `atMs` (any clock that goes on): `more` is what the server has left out. */
export function turn(rows: readonly WallRow[], more: number, atMs: number): Turn {
  const step = Math.floor(atMs / PAGE_MS);
  const dangers = rows.filter(isDanger);
  const pinned = dangers.slice(0, ROWS / 2);
  const others = rows.filter((row) => !pinned.includes(row));
  const room = ROWS - pinned.length;
  const pages = Math.min(MOST_PAGES, Math.max(1, Math.ceil(others.length / room)));
  const page = step % pages;
  const left = others.slice(pages * room).reduce((sum, row) => sum + row.incidents, 0);
  const number = dangers.length === 0 ? 0 : step % dangers.length;
  return {
    rows: [...pinned, ...others.slice(page * room, (page + 1) * room)],
    page: page + 1,
    pages,
    more: more + left,
    danger: dangers[number] ?? null,
    dangerNumber: number + 1,
    dangers: dangers.length,
  };
}

/** By how much the picture stands aside, px: another place each hour. */
export function shift(atMs: number): { readonly x: number; readonly y: number } {
  const [x, y] = SHIFTS[Math.floor(atMs / HOUR_MS) % SHIFTS.length] ?? [0, 0];
  return { x: x * STEP_PX, y: y * STEP_PX };
}

/** Whether the four o'clock between `beforeMs` and `nowMs` (local time) asks for a fresh page. */
export function passedFour(beforeMs: number, nowMs: number): boolean {
  const four = new Date(nowMs);
  four.setHours(RELOAD_AT_H, 0, 0, 0);
  return beforeMs < four.getTime() && four.getTime() <= nowMs;
}

/** Places on a picture of `width` x `height`, WGS-84 drawn flat, with `margin` around; sorted so that small ones lie on top. */
export function place<T extends { readonly at: readonly number[] | null; readonly homes: number }>(
  places: readonly T[], width: number, height: number, margin: number,
): (T & { readonly x: number; readonly y: number })[] {
  const seen = places.flatMap((one) => (one.at === null ? [] : [{ one, lat: one.at[0] ?? 0, lon: one.at[1] ?? 0 }]));
  if (seen.length === 0) return [];
  const narrow = Math.cos((Math.PI / 180) * (seen[0]?.lat ?? 0));
  const xs = seen.map(({ lon }) => lon * narrow);
  const ys = seen.map(({ lat }) => -lat);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const scale = Math.min((width - 2 * margin) / (wide || 1), (height - 2 * margin) / (high || 1));
  const [atX, atY] = [(width - wide * scale) / 2, (height - high * scale) / 2];
  return seen
    .map(({ one }, n) => ({ ...one, x: atX + ((xs[n] ?? 0) - left) * scale, y: atY + ((ys[n] ?? 0) - top) * scale }))
    .sort((a, b) => b.homes - a.homes);
}
