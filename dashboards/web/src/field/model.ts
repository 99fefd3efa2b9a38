/**
 * What the caseworker's page knows, and how it stays in step with the device and the server.
 *
 * What this is: signals, and the moves between memory, disk and network. What it is not: a rule (`outbox`, `day`,
 * `questions`), who comes and goes (`who`) or a view. The one idea: memory follows the disk, and the network follows both; nothing waits for it.
 */
import { batch, computed, signal } from "@preact/signals";
import { randomKey } from "@/core/api";
import { session } from "@/sign/session";
import { notify } from "@/ui/notices";
import { isStale, type Day, type DayVisit } from "./day";
import { begun, withAdded, withHeard, type Added } from "./doors";
import { after, again, hurry, KEPT_MS, next, outcomeOf, over, revive, standing, type Item } from "./outbox";
import { readDay, readForms, send, type Assessment, type Forms, type Taken } from "./server";
import * as shelf from "./shelf";
import type { Draft, Kept } from "./shelf";
import { t } from "./words";

const TICK_MS = 1_000;
/** How often the day is read anew while the page is looked at; sooner where there is none, or nobody answered. */
const DAY_MS = 5 * 60_000;
const SOONER_MS = 15_000;
/** A clock that is off by less is not worth a word; the server puts times right from there on. */
const CLOCK_OFF_MS = 2 * 60_000;
/** One page of this device sends at a time. */
export const LOCK = "anban-field-outbox";

export const day = signal<Kept<Day> | null>(null);
/** Visits that were begun here without a plan, by whomever. */
export const allAdded = signal<readonly Added[]>([]);
export const added = computed(() => allAdded.value.filter(isMine));
export const today = computed(() => (day.value === null ? null : withAdded(day.value.value, added.value)));
export const forms = signal<Forms | null>(null);
export const items = signal<readonly Item[]>([]);
/** Of whoever writes on this device. */
export const written = signal<readonly Draft[]>([]);
export const drafts = computed((): ReadonlyMap<string, Draft> => new Map(written.value.filter(isMine).map((draft) => [draft.visit, draft])));
export const online = signal(navigator.onLine);
/** The server wants a new sign-in before it takes anything. */
export const signedOut = signal(false);
export const nowMs = signal(Date.now());
/** By how much this device's clock is ahead of the server's, ms, where that is worth a word. */
export const clockOffMs = signal(0);
/** The code of a tag that was opened as an address, until it is used. */
export const tag = signal<string | null>(null);

/** The number of whoever is here; 0 until the server has said. */
export const staff = computed(() => day.value?.value.staff_id ?? 0);
export const standingNow = computed(() => standing(items.value, staff.value, nowMs.value));
export const own = computed(() => items.value.filter((item) => item.staff === staff.value || item.what === "sos"));

function isMine(one: { readonly staff: number }): boolean {
  return one.staff === staff.value;
}

// Starting -------------------------------------------------------------------------------------------------------------

/** Start everything that runs for as long as the page is open. */
export async function begin(): Promise<void> {
  await onDisk(takeUp());
  setInterval(tick, TICK_MS);
  for (const name of ["online", "offline"]) addEventListener(name, () => void wake());
  document.addEventListener("visibilitychange", () => void wake());
}

/** Memory follows the disk, where other tabs write too; what found no room there stays. */
export async function takeUp(): Promise<void> {
  const there = revive(await shelf.items());
  items.value = [...there, ...items.peek().filter((item) => loose.has(item.key) && there.every((one) => one.key !== item.key))];
  written.value = await shelf.drafts();
  const begunHere = await shelf.kept<readonly Added[]>("added");
  if (begunHere !== null) allAdded.value = begunHere.value;
}

/** The keys of what is in memory only. */
const loose = new Set<string>();

/** A device that is full, or keeps nothing: what is said stays in memory and goes out from there; the worker is told. */
export async function onDisk(work: Promise<void>, key = ""): Promise<void> {
  await work.catch(() => {
    loose.add(key);
    notify(t("out.no_room"), true);
  });
}

async function wake(): Promise<void> {
  online.value = navigator.onLine;
  if (!online.value || document.visibilityState === "hidden") return;
  items.value = hurry(items.value);
  lastReadMs = 0;
  await flush();
  await refresh();
}

function tick(): void {
  nowMs.value = Date.now();
  void forgetOld();
  void flush();
  const pause = day.peek() === null || !online.peek() ? SOONER_MS : DAY_MS;
  if (document.visibilityState === "visible" && isHere() && nowMs.peek() - lastReadMs > pause) void refresh();
}

// What goes after a day ----------------------------------------------------------------------------------------------

async function forgetOld(): Promise<void> {
  const now = nowMs.peek();
  const gone = items.peek().filter((item) => over(item, now));
  if (gone.length > 0) {
    items.value = items.peek().filter((item) => !gone.includes(item));
    await shelf.drop(gone.map((item) => item.key));
  }
  const read = day.peek();
  if (read !== null && isStale(read.atMs, now)) {
    day.value = null;
    await shelf.forget("day");
  }
  const fresh = allAdded.peek().filter((one) => !isStale(one.atMs, now));
  if (fresh.length < allAdded.peek().length) await keepAdded(fresh);
  for (const draft of written.peek().filter((one) => now - one.atMs >= KEPT_MS)) await dropDraft(draft);
}

// Reading --------------------------------------------------------------------------------------------------------------

let lastReadMs = 0;
let reading = false;
const isHere = () => Boolean(session.peek());

/** Read the day, and the forms where they are not here yet or may have changed. */
export async function refresh(): Promise<void> {
  if (reading || Date.now() - lastReadMs < TICK_MS) return;
  reading = true;
  try {
    lastReadMs = Date.now();
    const theirs = begun(added.peek());
    const reader = session.peek();
    const [theDay, theForms] = await Promise.all([readDay(), readForms()]);
    online.value = theDay !== null;
    if (theDay === null || !isHere()) return;
    if (session.peek() !== reader) return void (lastReadMs = 0); // it is of whoever was here before: ask again
    const outcome = outcomeOf(theDay);
    signedOut.value = outcome.is === "stop";
    if (outcome.is !== "taken") return;
    if (staff.peek() !== 0 && theDay.body.staff_id !== staff.peek()) {
      signedOut.value = true; // somebody else has signed in, in another tab
      return void (await onDisk(shelf.forget("day", "doors")));
    }
    const atMs = Date.now();
    const off = atMs - Date.parse(theDay.body.now);
    batch(() => {
      day.value = { value: theDay.body, atMs };
      clockOffMs.value = Math.abs(off) > CLOCK_OFF_MS ? off : 0;
      if (theForms?.status === 200) forms.value = theForms.body;
    });
    if (theirs.length > 0) await keepAdded(allAdded.peek().filter((one) => !theirs.includes(one)));
    await onDisk(shelf.keep("day", theDay.body, atMs));
    if (theForms?.status === 200) await onDisk(shelf.keep("forms", theForms.body, atMs));
  } finally {
    reading = false;
  }
}

// Saying ---------------------------------------------------------------------------------------------------------------

/** Put down what was said; `taken`: the parts of the draft of this visit that went into it. Resolves when it is on disk. */
export async function say(item: Item, taken: Partial<Draft> = {}): Promise<void> {
  const before = item.visit === null ? undefined : drafts.peek().get(item.visit);
  const rest = before === undefined ? null : { ...before, ...taken };
  await onDisk(shelf.put(item, rest), item.key);
  batch(() => {
    items.value = [...items.peek(), item];
    if (rest !== null) written.value = shelf.isEmpty(rest) ? without(rest) : [...without(rest), rest];
  });
  void flush();
}

/** Take a visit that nobody planned into the day. Resolves when it is on disk. */
export async function addVisit(at: DayVisit): Promise<void> {
  await keepAdded([...allAdded.peek(), { staff: staff.peek(), at, atMs: Date.now() }]);
}

async function keepAdded(all: readonly Added[]): Promise<void> {
  allAdded.value = all;
  await onDisk(shelf.keep("added", all, Date.now()));
}

export async function saveDraft(words: Omit<Draft, "staff">): Promise<void> {
  const draft = { ...words, staff: staff.peek() };
  if (shelf.isEmpty(draft)) return dropDraft(draft);
  written.value = [...without(draft), draft];
  await onDisk(shelf.saveDraft(draft));
}

async function dropDraft(draft: Draft): Promise<void> {
  written.value = without(draft);
  await shelf.dropDraft(draft);
}

const without = ({ staff, visit }: Draft) => written.peek().filter((one) => one.visit !== visit || one.staff !== staff);

/** Delete one thing by the worker's own hand. */
export async function drop(key: string): Promise<void> {
  items.value = items.peek().filter((item) => item.key !== key);
  await shelf.drop([key]);
}

/** Send a refused thing once more. It is never away meanwhile: neither from the disk nor from what is still to be sent. */
export async function sendAgain(item: Item): Promise<void> {
  const fresh = again(item, randomKey());
  await onDisk(shelf.put(fresh));
  items.value = items.peek().map((one) => (one.key === item.key ? fresh : one));
  if (fresh.key !== item.key) await shelf.drop([item.key]);
  void flush();
}

export async function tryNow(): Promise<void> {
  items.value = hurry(items.peek());
  await flush();
  await refresh();
}

let flushing = false;

/** Send what is due, one after the other, until nothing is or nobody answers. One page of this device at a time. */
export async function flush(): Promise<void> {
  if (flushing || !isHere() || signedOut.peek()) return;
  if (next(items.peek(), staff.peek(), Date.now()) === null) return;
  flushing = true;
  const whose = () => (isHere() ? staff.peek() : null);
  try {
    if ("locks" in navigator) await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock === null ? undefined : sendAll(whose)));
    else await sendAll(whose);
  } finally {
    flushing = false;
  }
}

/** `whose`: for whom the server takes words now; `null`: for nobody. */
export async function sendAll(whose: () => number | null): Promise<void> {
  for (;;) {
    const mine = whose();
    const item = mine === null ? null : next(items.peek(), mine, Date.now());
    if (item === null) return;
    replace({ ...item, state: "sending" });
    const answer = await send(item, Date.now());
    const outcome = outcomeOf(answer);
    online.value = answer !== null;
    const still = items.peek().find((one) => one.key === item.key);
    if (still === undefined) continue; // deleted meanwhile
    const settled = after(still, outcome, Date.now());
    replace(settled); // before the disk has it: the network may come back meanwhile, and what waits is then due at once
    await onDisk(shelf.put(settled));
    if (outcome.is === "taken") follow(settled, answer?.body);
    signedOut.value = outcome.is === "stop";
    if (outcome.is === "stop" || outcome.is === "later") return;
  }
}

function replace(item: Item): void {
  items.value = items.peek().map((one) => (one.key === item.key ? item : one));
}

/** What the server answers to a word at a door, or to a file, is the visit as it then is; to an assessment, its number. */
function follow(item: Item, answer: unknown): void {
  const held = day.peek();
  const before = today.peek()?.visits.find((one) => one.visit.key === item.visit)?.visit;
  const visit = before === undefined ? null : heard(item, before, answer);
  if (held === null || visit === null) return;
  const visits = held.value.visits.map((one) => (one.visit.key === visit.key ? { ...one, visit } : one));
  day.value = { ...held, value: { ...held.value, visits } };
  void onDisk(shelf.keep("day", day.value.value, held.atMs));
  if (added.peek().some((one) => one.at.visit.key === visit.key)) void keepAdded(withHeard(allAdded.peek(), visit));
}

function heard(item: Item, before: DayVisit["visit"], answer: unknown): DayVisit["visit"] | null {
  if (item.path === "/visits/events") return (answer as Taken).visit;
  if (item.path === "/visits/files") return answer as DayVisit["visit"];
  return item.what === "assessment" ? { ...before, id: (answer as Assessment).visit_id ?? before.id } : null;
}
