/**
 * A day as the telephone shows it: what the server said, and on top of it what was said here and not heard yet.
 *
 * Pure. The one idea: the worker sees their own words at once, sent or not; which of the two is always shown.
 */
import type { components } from "@/core/schema";
import { KEPT_MS, type Item } from "./outbox";

export type Day = components["schemas"]["DayView"];
export type DayVisit = components["schemas"]["DayVisit"];

export type Stage = "planned" | "here" | "told" | "over" | "cancelled";

/** What has been said of one visit, on this device and before. */
export interface Course {
  readonly stage: Stage;
  readonly arrived: boolean;
  readonly told: boolean;
  readonly departed: boolean;
  /** How many words of it wait here. */
  readonly waiting: number;
  readonly refused: number;
}

/** How far a visit has come. */
export function course({ visit }: DayVisit, items: readonly Item[]): Course {
  const own = items.filter((item) => item.visit === visit.key);
  const unheard = own.filter((item) => item.state !== "done");
  const says = (what: Item["what"]) => own.some((item) => item.what === what && item.state !== "refused");
  const arrived = visit.began_at !== null || says("arrive");
  const told = says("answers") || (visit.began_at !== null && !visit.faults.includes("form: not filled"));
  const departed = visit.departure !== null || says("depart");
  const over = visit.state === "over" || departed || (told && visit.way !== "home");
  return {
    stage: stageOf({ over, told, arrived, cancelled: visit.state === "cancelled" }),
    arrived,
    told,
    departed,
    waiting: unheard.filter((item) => item.state !== "refused").length,
    refused: unheard.filter((item) => item.state === "refused").length,
  };
}

function stageOf({ over, told, arrived, cancelled }: { over: boolean; told: boolean; arrived: boolean; cancelled: boolean }): Stage {
  if (over) return "over";
  if (told) return "told";
  if (arrived) return "here";
  return cancelled ? "cancelled" : "planned";
}

/** Whether a tag was shown that the server did not find at this door. */
export function isStrange({ visit }: DayVisit, items: readonly Item[], what: "arrive" | "depart"): boolean {
  const rests = what === "arrive" ? visit.arrival : visit.departure;
  return rests === "said" && items.some((item) => item.visit === visit.key && item.what === what && item.state === "done" && "tag" in item.body);
}

/** When a visit is to begin, ISO 8601; `null`: at no fixed time. */
export function startOf({ visit }: DayVisit): string | null {
  return visit.planned_at ?? visit.open_at ?? visit.began_at;
}

/** Whether a day was read too long ago to be kept on this device. */
export function isStale(readMs: number, nowMs: number): boolean {
  return nowMs - readMs >= KEPT_MS;
}

/** The visit that somebody is at, or else the next one: where a call for help comes from. */
export function current(day: Day | null, items: readonly Item[]): DayVisit | null {
  const open = (day?.visits ?? []).map((one) => ({ one, stage: course(one, items).stage }));
  const found = open.find(({ stage }) => stage === "here" || stage === "told") ?? open.find(({ stage }) => stage === "planned");
  return found?.one ?? null;
}

/** Opens whichever map the telephone has; nothing is told to anybody before. RFC 5870; Apple has its own. */
export function mapLink(latitude: number, longitude: number, name: string, agent: string): string {
  const at = `${latitude.toFixed(6)},${longitude.toFixed(6)}`;
  const label = encodeURIComponent(name);
  return /iPhone|iPad|iPod/.test(agent) ? `maps:?ll=${at}&q=${label}` : `geo:${at}?q=${at}(${label})`;
}

/** The code of a tag, from what it holds: the code itself, or an address that ends with `#tag=CODE`. */
export function codeOf(read: string): string | null {
  const found = /(?:^|#tag=)([A-Za-z0-9_-]{16,100})$/.exec(read.trim());
  return found?.[1] ?? null;
}
