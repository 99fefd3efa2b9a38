/**
 * A new order as it is typed: what comes, on which days, and between which times.
 *
 * What this is: a draft, and what it asks of the server. What it is not: the days themselves, which the server works out.
 * Pure.
 */
import type { NewOrder } from "@/core/home-api";
import type { Key } from "../words";

export const KINDS = ["service", "regular", "welfare", "assessment"] as const;
export const SERVICES = ["meals", "cleaning", "bathing", "nursing", "doctor", "company"] as const;
/** 1 is Monday, as the server counts. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;
/** Days that may lie between two visits, as the server has it. */
const MOST_DAYS = 366;

/** How often: on weekdays, or every so many days. */
export type Often = "weekdays" | "every";

export interface Draft {
  readonly kind: NewOrder["kind"];
  readonly services: ReadonlySet<(typeof SERVICES)[number]>;
  readonly often: Often;
  readonly weekdays: ReadonlySet<number>;
  readonly every: number;
  /** Times of day as `09:30`, and days as `2026-11-27`; `until` may be empty: until somebody ends it. */
  readonly open: string;
  readonly due: string;
  readonly since: string;
  readonly until: string;
}

/** Meals at noon from tomorrow on, which is what most orders are. */
export function draftFrom(nowMs: number): Draft {
  const since = dayOf(new Date(nowMs + 86_400_000));
  return { kind: "service", services: new Set(), often: "weekdays", weekdays: new Set(), every: 7, open: "09:00", due: "11:00", since, until: "" };
}

/** A day by the clock of this place. */
export function dayOf(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
}

const FAULTS: readonly (readonly [Key, (draft: Draft) => boolean])[] = [
  ["orders.lacks_service", ({ kind, services }) => kind === "service" && services.size === 0],
  ["orders.lacks_weekday", ({ often, weekdays }) => often === "weekdays" && weekdays.size === 0],
  ["orders.wrong_every", ({ often, every }) => often === "every" && !(Number.isInteger(every) && every >= 1 && every <= MOST_DAYS)],
  ["orders.lacks_time", ({ open, due, since }) => open === "" || due === "" || since === ""],
  ["orders.wrong_time", ({ open, due }) => due < open],
  ["orders.wrong_until", ({ since, until }) => until !== "" && until < since],
];

/** The first thing that is wrong; `null`: it can be sent. */
export function faultOf(draft: Draft): Key | null {
  return FAULTS.find(([, wrong]) => wrong(draft))?.[0] ?? null;
}

/** What is sent for `resident`. */
export function asked(resident: number, draft: Draft): NewOrder {
  return {
    resident_id: resident,
    kind: draft.kind,
    services: draft.kind === "service" ? SERVICES.filter((one) => draft.services.has(one)) : [],
    weekdays: draft.often === "weekdays" ? WEEKDAYS.filter((one) => draft.weekdays.has(one)) : [],
    every_days: draft.often === "every" ? draft.every : null,
    open_min: minutes(draft.open),
    due_min: minutes(draft.due),
    skills: [],
    since: draft.since,
    until: draft.until === "" ? null : draft.until,
  };
}

function minutes(clock: string): number {
  const [hours = 0, rest = 0] = clock.split(":").map(Number);
  return hours * 60 + rest;
}

/** Minutes from midnight as `09:30`. */
export function clock(min: number): string {
  return [Math.floor(min / 60), min % 60].map((n) => String(n).padStart(2, "0")).join(":");
}
