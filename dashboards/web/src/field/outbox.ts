/**
 * What a worker said and the server has not heard yet.
 *
 * What this is: one value per thing said, and pure functions from what the network did to what happens next. What it
 * is not: no storage, no clock, no network. The one idea: nothing leaves this list but by the server's yes or the
 * worker's own hand; what the server refuses stays, with the words and the reason.
 */

export type What = "arrive" | "answers" | "note" | "depart" | "photo" | "voice" | "signature" | "assessment" | "second" | "concern" | "sos";

/** `sending` is a matter of this page alone: after a restart it is `waiting` again. */
export type State = "waiting" | "sending" | "refused" | "done";

export interface Item {
  /** Drawn when it was said; the server takes it once, however often it comes. */
  readonly key: string;
  readonly staff: number;
  /** The visit it is about, by its key; `null`: about none. */
  readonly visit: string | null;
  /** Whom it is about, for the list. */
  readonly who: string;
  readonly what: What;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** A picture or a recording; it becomes `content` when it is sent. */
  readonly file?: Blob;
  /** By this device's clock. */
  readonly saidMs: number;
  readonly state: State;
  readonly tries: number;
  readonly nextMs: number;
  /** Why the server refused it: a stable word such as `no_consent`. */
  readonly why: string;
  readonly doneMs: number;
}

export type Said = Pick<Item, "key" | "staff" | "visit" | "who" | "what" | "path" | "body" | "saidMs"> & { readonly file?: Blob };

/** What became of an attempt. `later`: nobody answered, or not now; `stop`: nothing goes through before a sign-in. */
export type Outcome =
  | { readonly is: "taken" }
  | { readonly is: "later" }
  | { readonly is: "stop" }
  | { readonly is: "refused"; readonly why: string };

const MINUTE_MS = 60_000;
/** Pauses after the first, second … attempt that nobody answered; the last one repeats. */
const PAUSES_MS = [5_000, 15_000, MINUTE_MS, 5 * MINUTE_MS] as const;
/** A call for help is tried again at once and for as long as it takes. */
const URGENT_MS = 3_000;
/** How long what was sent is still shown as sent. */
export const SHOWN_MS = 30 * MINUTE_MS;
/** Deleted from this device so long after it was said, sent or not: it is about somebody. */
export const KEPT_MS = 24 * 60 * MINUTE_MS;
/** From when on the worker is told that something unsent will be deleted. */
export const WARNED_MS = 4 * 60 * MINUTE_MS;

const OK = 200;
const SIGNED_OUT = 401;
const NOT_ALLOWED = 403;
const TOO_MANY = 429;
const SERVER_ERROR = 500;

export function said(what: Said): Item {
  return { ...what, state: "waiting", tries: 0, nextMs: 0, why: "", doneMs: 0 };
}

/** What an answer of the server means for the thing that was sent; `null`: there was none. */
export function outcomeOf(answer: { readonly status: number; readonly code: string } | null): Outcome {
  if (answer === null) return { is: "later" };
  const { status, code } = answer;
  if (status >= OK && status < 300) return { is: "taken" };
  if (status === SIGNED_OUT || (status === NOT_ALLOWED && /^(second_factor|password)_/.test(code))) return { is: "stop" };
  if (status >= SERVER_ERROR || status === TOO_MANY || code === "in_progress") return { is: "later" };
  return { is: "refused", why: code === "" ? String(status) : code };
}

/** `item` after an attempt at `nowMs`. */
export function after(item: Item, outcome: Outcome, nowMs: number): Item {
  switch (outcome.is) {
    case "taken":
      return { ...item, state: "done", doneMs: nowMs, why: "" };
    case "refused":
      return { ...item, state: "refused", why: outcome.why };
    case "stop":
      return { ...item, state: "waiting" };
    case "later":
      return { ...item, state: "waiting", tries: item.tries + 1, nextMs: nowMs + pause(item) };
  }
}

function pause(item: Item): number {
  if (item.what === "sos") return URGENT_MS;
  return PAUSES_MS[Math.min(item.tries, PAUSES_MS.length - 1)] ?? MINUTE_MS;
}

/** What `staff` said and goes next: a call for help, then words in the order in which they were said, then files. */
export function next(items: readonly Item[], staff: number, nowMs: number): Item | null {
  const due = items.filter((item) => isOf(item, staff) && item.state === "waiting" && item.nextMs <= nowMs);
  return [...due].sort(bySending)[0] ?? null;
}

/** A call for help is not asked whose it is. */
function isOf(item: Item, staff: number): boolean {
  return item.staff === staff || item.what === "sos";
}

function bySending(a: Item, b: Item): number {
  return rank(a) - rank(b) || a.saidMs - b.saidMs;
}

function rank(item: Item): number {
  if (item.what === "sos") return 0;
  return item.file === undefined ? 1 : 2;
}

/** Everything that waits is due at once, and soon again, also what is under way and may fail yet: the network seems to be back. */
export function hurry(items: readonly Item[]): Item[] {
  return items.map((item) => (item.state === "waiting" || item.state === "sending" ? { ...item, nextMs: 0, tries: 0 } : item));
}

/** A refused thing is tried once more; where its key was given to other words, under `key`. */
export function again(item: Item, key: string): Item {
  const fresh = item.why === "key_reused" ? { key, body: { ...item.body, ...("key" in item.body ? { key } : {}) } } : {};
  return { ...item, ...fresh, state: "waiting", tries: 0, nextMs: 0, why: "" };
}

/** After a restart nothing is under way any more. */
export function revive(items: readonly Item[]): Item[] {
  return items.map((item) => (item.state === "sending" ? { ...item, state: "waiting" } : item));
}

/** What may be deleted from the device at `nowMs`: sent a while ago, or too old to keep. */
export function over(item: Item, nowMs: number): boolean {
  return nowMs - item.saidMs >= KEPT_MS || (item.state === "done" && nowMs - item.doneMs >= SHOWN_MS);
}

export interface Standing {
  readonly waiting: number;
  readonly refused: number;
  /** When the oldest unsent thing is deleted, ms, once that is near; `null`: not soon. */
  readonly lostMs: number | null;
}

/** How it stands with what `staff` said. */
export function standing(items: readonly Item[], staff: number, nowMs: number): Standing {
  const own = items.filter((item) => isOf(item, staff) && item.state !== "done");
  const lost = Math.min(...own.map((item) => item.saidMs + KEPT_MS));
  return {
    waiting: own.filter((item) => item.state !== "refused").length,
    refused: own.filter((item) => item.state === "refused").length,
    lostMs: lost - nowMs <= WARNED_MS ? lost : null,
  };
}

/** The words of a thing said, for the list and to copy by hand. */
export function wordsOf(item: Item): string {
  const { words, answers } = item.body as { words?: unknown; answers?: unknown };
  if (typeof words === "string") return words;
  const told = typeof answers === "object" && answers !== null ? Object.values(answers) : [];
  return told.filter((one): one is string => typeof one === "string" && /[^a-z_]/.test(one)).join("\n");
}
