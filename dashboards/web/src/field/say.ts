/**
 * The things a worker says, as they go into the outbox.
 *
 * What this is: one function per thing. What it is not: a sender. The one idea: each carries all that the server needs to
 * place it, so that it can come alone, late and in any order.
 */
import { randomKey } from "@/core/api";
import type { DayVisit } from "./day";
import type { Place } from "./door";
import { staff, say } from "./model";
import { said, type What } from "./outbox";
import type { Answer } from "./questions";
import type { Points } from "./ability";

type Body = Readonly<Record<string, unknown>>;

function about(what: What, path: string, body: Body, visit: DayVisit | null, key = randomKey(), file?: Blob) {
  const shown = { visit: visit?.visit.key ?? null, who: visit?.visit.resident ?? "" };
  return said({ key, staff: staff.peek(), what, path, body, saidMs: Date.now(), ...shown, ...(file === undefined ? {} : { file }) });
}

/** Which visit: enough to make it where nobody planned it and nothing else of it has got through. */
const meant = ({ visit: { key, resident_id, kind, way } }: DayVisit) => ({ visit: key, resident_id, kind, way });

/** One thing at a door. */
function event(what: "arrive" | "answers" | "note" | "depart", at: DayVisit, body: Body) {
  const key = randomKey();
  return about(what, "/visits/events", { ...meant(at), key, sort: what, device_at: new Date().toISOString(), ...body }, at, key);
}

/** `place` and `tag`: what shows it, where something does. */
export const atTheDoor = (what: "arrive" | "depart", at: DayVisit, place: Place | null, tag: string | null) =>
  say(event(what, at, { ...(place === null ? {} : { place }), ...(tag === null ? {} : { tag }) }));

export const form = (at: DayVisit, answers: Readonly<Record<string, Answer>>) => say(event("answers", at, { answers }), { answers: {} });

export const note = (at: DayVisit, words: string) => say(event("note", at, { words }), { note: "" });

export function file(what: "photo" | "voice" | "signature", at: DayVisit, content: Blob): Promise<void> {
  const key = randomKey();
  return say(about(what, "/visits/files", { visit: meant(at), key, sort: what }, at, key, content));
}

export interface Assessed {
  readonly reason: string;
  readonly informant: string;
  readonly points: Points;
  readonly coma: boolean;
  readonly diagnoses: readonly { readonly code: string; readonly by_psychiatrist: boolean }[];
}

/** An assessment, signed by whoever sends it. `day`: by the tenant's calendar. */
export function assessment(at: DayVisit, day: string, told: Assessed): Promise<void> {
  const key = randomKey();
  const body = { key, visit: meant(at), assessed_on: day, ...told };
  return say(about("assessment", `/visits/people/${at.visit.resident_id}/assessments`, body, at, key), { points: {}, about: {} });
}

export const second = (at: DayVisit, assessmentId: number, agrees: boolean, why: string) =>
  say(about("second", `/visits/assessments/${assessmentId}/second`, { agrees, why }, at));

export const concern = (at: DayVisit, words: string) =>
  say(about("concern", `/visits/people/${at.visit.resident_id}/concerns`, { words }, at));

/** A call for help; its key, by which the page follows it. */
export async function sos(at: DayVisit | null, place: Place | null): Promise<string> {
  const home = at === null ? {} : { home_id: at.visit.home_id };
  const item = about("sos", "/sos", { ...home, ...(place === null ? {} : { place }) }, at);
  await say(item);
  return item.key;
}
