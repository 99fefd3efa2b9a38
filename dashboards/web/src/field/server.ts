/**
 * The few questions that the caseworker's page asks the platform.
 *
 * What this is: one request, and what was answered. What it is not: a retry: that is the outbox's. The one idea: an
 * answer is a value, also when it is a refusal or when there is none.
 */
import type { components } from "@/core/schema";
import { base64 } from "./attach";
import type { Day } from "./day";
import type { OpenDoors } from "./doors";
import type { Item } from "./outbox";

export type Forms = components["schemas"]["FormsView"];
export type Hours = components["schemas"]["OwnHours"];
export type Ability = components["schemas"]["AbilityView"];
export type Assessment = components["schemas"]["AssessmentView"];
export type Taken = components["schemas"]["TakenView"];

export interface Answer<T> {
  readonly status: number;
  readonly code: string;
  readonly body: T;
}

/** A photo on a bad network takes longer than a word. */
const LIMIT_MS = 20_000;
const FILE_LIMIT_MS = 90_000;

/** A telephone that is short of room may lose what a page has stored: nobody was asked, and asking again helps nobody. */
const UNREADABLE: Answer<unknown> = { status: 0, code: "unreadable", body: null };

/** What the server answers; `null`: nothing. */
export async function ask<T>(method: string, path: string, body?: unknown, key?: string, limitMs = LIMIT_MS, writer = 0): Promise<Answer<T> | null> {
  const headers: Record<string, string> = { Accept: "application/json", "X-Anban": "1" };
  if (writer !== 0) headers["X-Anban-As"] = String(writer);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  try {
    const signal = AbortSignal.timeout(limitMs);
    const response = await fetch(`/api/v1${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body), cache: "no-store", signal });
    const said = (await response.json().catch(() => ({}))) as T & { code?: unknown };
    return { status: response.status, code: typeof said.code === "string" && !response.ok ? said.code : "", body: said };
  } catch {
    return null;
  }
}

async function read<T>(path: string): Promise<Answer<T> | null> {
  return ask<T>("GET", path);
}

export const readDay = () => read<Day>("/visits/today");
export const readForms = () => read<Forms>("/visits/forms");
/** All of one's own homes, or those that `words` name in the whole area. */
export const readDoors = (words = "") => read<OpenDoors>(`/visits/doors${words === "" ? "" : `?q=${encodeURIComponent(words)}`}`);
export const readHours = () => read<Hours>("/time/own");
export const readAbility = (resident: number) => read<Ability>(`/visits/people/${resident}/assessments`);

/**
 * Send one thing that was said. Words at a door, files and assessments carry a key that the server keeps for ever;
 * for the rest the header's key holds a day, which is as long as anything stays here. The server refuses it while somebody
 * else than its writer is signed in, who may have come in another tab.
 */
export async function send(item: Item, nowMs: number): Promise<Answer<unknown> | null> {
  const writer = item.what === "sos" ? 0 : item.staff; // a call for help is not asked whose it is
  const tell = (body: unknown, key?: string, limitMs = LIMIT_MS) => ask("POST", item.path, body, key, limitMs, writer);
  switch (item.what) {
    case "arrive":
    case "answers":
    case "note":
    case "depart":
      return tell({ ...item.body, sent_at: new Date(nowMs).toISOString() });
    case "photo":
    case "voice":
    case "signature": {
      const content = await base64(item.file ?? new Blob()).catch(() => null);
      if (content === null) return UNREADABLE;
      return tell({ ...item.body, content }, undefined, FILE_LIMIT_MS);
    }
    case "sos":
      return tell({ ...item.body, waited_s: Math.max(0, Math.round((nowMs - item.saidMs) / 1_000)) });
    case "assessment":
    case "second":
    case "concern":
      return tell(item.body, item.key);
  }
}
