/**
 * A list that is read page by page, and again whenever something in it was changed.
 *
 * What this is: the items so far, the cursor of the next page, and whether reading failed. What it is not: a view. The
 * one idea: an answer to an older question is thrown away (`Newest`), so typing fast never shows what nobody asks for.
 */
import { signal, type ReadonlySignal } from "@preact/signals";
import { Refused } from "@/core/api";
import { Newest } from "@/core/newest";
import { session } from "@/sign/session";
import { http } from "./wire";

const SIGNED_OUT = 401;

export interface PageOf<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export type State = "reading" | "done" | "failed";

export interface Listing<T> {
  /** `null`: nothing is read yet. */
  readonly items: ReadonlySignal<readonly T[] | null>;
  readonly next: ReadonlySignal<string | null>;
  readonly state: ReadonlySignal<State>;
  /** What was asked for last; the items are an answer to it, or not there yet. */
  path(): string;
  /** Begin anew at `path`, or at the one before. */
  read(path?: string): Promise<void>;
  /** The following page. */
  more(): Promise<void>;
}

export type Ask = <T>(path: string) => Promise<T>;

/** `whole`: the name under which an answer that is no page holds its items. */
export function listing<T>(whole?: string, ask: Ask = (path) => http.ask("GET", path)): Listing<T> {
  const items = signal<readonly T[] | null>(null);
  const next = signal<string | null>(null);
  const state = signal<State>("reading");
  let current = "";
  const questions = new Newest();

  async function take(path: string, before: readonly T[]): Promise<void> {
    const mayShow = questions.ask(path);
    state.value = "reading";
    try {
      const answer = await ask<PageOf<T> & Readonly<Record<string, readonly T[]>>>(path);
      if (!mayShow()) return;
      items.value = [...before, ...((whole === undefined ? answer.items : answer[whole]) ?? [])];
      next.value = whole === undefined ? answer.next : null;
      state.value = "done";
    } catch (error) {
      if (error instanceof Refused && error.status === SIGNED_OUT) session.value = null;
      if (mayShow()) state.value = "failed";
    }
  }

  return {
    items,
    next,
    state,
    path: () => current,
    read: (path = current) => {
      if (path !== current) items.value = null;
      current = path;
      return take(path, []);
    },
    more: () => (next.value === null ? Promise.resolve() : take(query(current, { cursor: next.value }), items.value ?? [])),
  };
}

export type Params = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** `path` with what `params` say; what is empty is not said. */
export function query(path: string, params: Params): string {
  const said = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  const text = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${text}`;
}
