/**
 * A home's quarters of an hour, cut into days and runs that can be drawn and said.
 *
 * Pure. The one idea: a quarter in which nobody listened stays `null` all the way to the screen, where it is
 * hatched; it is never drawn as one in which nobody moved.
 */
import type { ActivityView, PlaceLine } from "./api";

export const QUARTER_MS = 15 * 60_000;
export const QUARTERS = 96;
const DAY_MS = QUARTERS * QUARTER_MS;

/** What the strip draws for one quarter: `null` nobody listened, else how many signs, and where most of them were. */
export interface Cell {
  readonly signs: number;
  /** Index of the line with the most signs; -1: none. */
  readonly line: number;
}

export interface Day {
  /** The day's local midnight, ms. */
  readonly beginMs: number;
  /** 96 quarters; the future is `null` like everything that nobody heard. */
  readonly cells: readonly (Cell | null)[];
  /** Of each line of the view, its quarters of this day. */
  readonly lines: readonly (readonly (number | null)[])[];
}

export interface Run {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly cell: Cell | null;
}

/** What a day comes to, for those who read rather than look. */
export interface DayFacts {
  readonly signs: number;
  /** Quarter of the first sign; -1: none. */
  readonly first: number;
  readonly last: number;
  /** Quarters that are over and in which nobody listened. */
  readonly unheard: number;
}

/** Midnight of the day of `ms`, `daysBack` days before; local time. */
export function midnight(ms: number, daysBack = 0): number {
  const at = new Date(ms);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() - daysBack).getTime();
}

/** The days from `firstMs` (a midnight) on, `count` of them, the newest first. */
export function days(view: ActivityView, firstMs: number, count: number): Day[] {
  const shift = Math.round((firstMs - Date.parse(view.begin)) / QUARTER_MS);
  return Array.from({ length: count }, (_, day) => {
    const lines = view.lines.map((line) => slice(line, shift + day * QUARTERS));
    return { beginMs: firstMs + day * DAY_MS, cells: cells(lines), lines };
  }).reverse();
}

function slice(line: PlaceLine, from: number): (number | null)[] {
  return Array.from({ length: QUARTERS }, (_, slot) => line.signs[from + slot] ?? null);
}

function cells(lines: readonly (readonly (number | null)[])[]): (Cell | null)[] {
  return Array.from({ length: QUARTERS }, (_, slot) => {
    const heard = lines.map((line) => line[slot] ?? null);
    if (heard.every((n) => n === null)) return null;
    const signs = heard.reduce<number>((sum, n) => sum + (n ?? 0), 0);
    const most = Math.max(...heard.map((n) => n ?? 0));
    return { signs, line: signs === 0 ? -1 : heard.indexOf(most) };
  });
}

/** Neighbouring quarters that look alike, as one; at most as many shapes as there are changes. */
export function runs(cells: readonly (Cell | null)[]): Run[] {
  const found: Run[] = [];
  cells.forEach((cell, slot) => {
    const last = found.at(-1);
    if (last !== undefined && last.to === slot && same(last.cell, cell)) found[found.length - 1] = { ...last, to: slot + 1 };
    else found.push({ from: slot, to: slot + 1, cell });
  });
  return found;
}

function same(a: Cell | null, b: Cell | null): boolean {
  return a === b || (a !== null && b !== null && a.signs === b.signs && a.line === b.line);
}

/** What there is to say of a day; `nowMs` bounds what could have been heard. */
export function facts(day: Day, nowMs: number): DayFacts {
  const over = Math.max(0, Math.min(QUARTERS, Math.floor((nowMs - day.beginMs) / QUARTER_MS)));
  const active = day.cells.flatMap((cell, slot) => (cell !== null && cell.signs > 0 ? [slot] : []));
  return {
    signs: day.cells.reduce((sum, cell) => sum + (cell?.signs ?? 0), 0),
    first: active[0] ?? -1,
    last: active.at(-1) ?? -1,
    unheard: day.cells.slice(0, over).filter((cell) => cell === null).length,
  };
}

/** The time of day at which a quarter begins, `06:45`. */
export function clockOf(slot: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(slot / 4))}:${two((slot % 4) * 15)}`;
}

/** How high a bar stands, 0 to 1: the root, so that a visitor's hundred signs do not flatten a person's ten. */
export function height(signs: number): number {
  const FULL = 9; // signs in a quarter from which on a bar is full: somebody who is up and about
  return signs <= 0 ? 0 : Math.max(0.4, Math.min(1, Math.sqrt(signs / FULL)));
}
