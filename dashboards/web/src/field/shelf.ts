/**
 * What this device keeps: the day, drafts, and what was said and not heard yet.
 *
 * What this is: a few promises over IndexedDB. What it is not: a secret: a browser cannot keep one from whoever holds
 * the unlocked telephone, so what is here is little, and gone after a day. The one idea: a thing said is on disk before
 * the page says that it is.
 */
import type { Added } from "./doors";
import type { Item } from "./outbox";
import type { Answers } from "./questions";
import type { Points } from "./ability";

/** A visit that somebody has begun to write about. */
export interface Draft {
  /** Who writes. */
  readonly staff: number;
  readonly visit: string;
  readonly atMs: number;
  readonly answers: Answers;
  readonly note: string;
  readonly points: Points;
  /** What belongs to an assessment besides its points. */
  readonly about: Readonly<Record<string, string | boolean>>;
}

/** What was read from the server, and when. */
export interface Kept<T> {
  readonly value: T;
  readonly atMs: number;
}

const NAME = "anban-field";
const VERSION = 1;
const STORES = ["kept", "drafts", "outbox"] as const;
type Store = (typeof STORES)[number];
const KEYS: Readonly<Record<Store, string>> = { kept: "name", drafts: "visit", outbox: "key" };

let opening: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name, { keyPath: KEYS[name] }));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(NAME));
  });
  return opening;
}

/** Do `work` in one transaction; resolves when it is on disk. */
async function within<T>(stores: readonly Store[], mode: IDBTransactionMode, work: (of: (store: Store) => IDBObjectStore) => IDBRequest<T> | null): Promise<T | undefined> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const durability = stores.includes("outbox") ? "strict" : "default";
    const transaction = database.transaction([...stores], mode, { durability });
    const request = work((store) => transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error ?? new Error(NAME));
  });
}

export async function keep<T>(name: string, value: T, atMs: number): Promise<void> {
  await within(["kept"], "readwrite", (of) => of("kept").put({ name, value, atMs }));
}

export async function kept<T>(name: string): Promise<Kept<T> | null> {
  const found = await within<Kept<T> | undefined>(["kept"], "readonly", (of) => of("kept").get(name) as IDBRequest<Kept<T> | undefined>);
  return found ?? null;
}

export async function forget(...names: readonly string[]): Promise<void> {
  await within(["kept"], "readwrite", (of) => {
    names.forEach((name) => of("kept").delete(name));
    return null;
  });
}

export async function items(): Promise<Item[]> {
  return (await within<Item[]>(["outbox"], "readonly", (of) => of("outbox").getAll() as IDBRequest<Item[]>)) ?? [];
}

/** Put down what was said, and what is left of the draft that it was made from: both or neither. */
export async function put(item: Item, draft: Draft | null = null): Promise<void> {
  await within(["outbox", "drafts"], "readwrite", (of) => {
    if (draft !== null && isEmpty(draft)) of("drafts").delete(keyOf(draft));
    else if (draft !== null) of("drafts").put({ ...draft, visit: keyOf(draft) });
    return of("outbox").put(item);
  });
}

/** Two people may write about one visit on one telephone. */
const keyOf = ({ staff, visit }: Draft) => `${staff} ${visit}`;

/** Whether nothing is written in a draft. */
export const isEmpty = ({ answers, note, points, about }: Draft) =>
  note.trim() === "" && [answers, points, about].every((part) => Object.keys(part).length === 0);

export async function drop(keys: readonly string[]): Promise<void> {
  await within(["outbox"], "readwrite", (of) => {
    keys.forEach((key) => of("outbox").delete(key));
    return null;
  });
}

export async function drafts(): Promise<Draft[]> {
  const found = (await within<Draft[]>(["drafts"], "readonly", (of) => of("drafts").getAll() as IDBRequest<Draft[]>)) ?? [];
  return found.map((draft) => ({ ...draft, visit: draft.visit.replace(/.* /, "") }));
}

export async function saveDraft(draft: Draft): Promise<void> {
  await within(["drafts"], "readwrite", (of) => of("drafts").put({ ...draft, visit: keyOf(draft) }));
}

export async function dropDraft(draft: Draft): Promise<void> {
  await within(["drafts"], "readwrite", (of) => of("drafts").delete(keyOf(draft)));
}

/** Everything that was read, and of what was written `items` and `drafts`, at once. `added`: what stays of it; `null`: all. */
export async function leave(items: readonly Item[], drafts: readonly Draft[], added: readonly Added[] | null): Promise<void> {
  await within(STORES, "readwrite", (of) => {
    for (const name of ["me", "day", "doors", "forms"]) of("kept").delete(name);
    if (added?.length === 0) of("kept").delete("added");
    else if (added !== null) of("kept").put({ name: "added", value: added, atMs: Date.now() });
    for (const { key } of items) of("outbox").delete(key);
    for (const draft of drafts) of("drafts").delete(keyOf(draft));
    return null;
  });
}
