/**
 * The homes that this device knows beside the day.
 *
 * What this is: reading them once an hour while there is a network, keeping them for a day, searching the rest where
 * there is one. What it is not: a register: whoever has a whole area takes none of it along. The one idea: a home that is
 * one's own can be visited where there is no network, planned or not.
 */
import { effect, signal } from "@preact/signals";
import { randomKey } from "@/core/api";
import { Newest } from "@/core/newest";
import { isStale } from "./day";
import { unplanned, unsaid, type OpenDoor, type OpenDoors, type VisitKind } from "./doors";
import { added, addVisit, day, online, own } from "./model";
import { readDoors } from "./server";
import * as shelf from "./shelf";

/** [D] Who is one's own changes by the week. */
const EVERY_MS = 60 * 60_000;
const NAME = "doors";

export const doors = signal<shelf.Kept<OpenDoors> | null>(null);
/** What a search of the whole area found; kept nowhere. */
export const found = signal<readonly OpenDoor[]>([]);
const searches = new Newest();

/** Follow the day: with each that is read, the homes; without one, none. */
export function beginKnown(): void {
  let held = false;
  effect(() => {
    const there = day.value !== null;
    if (there) void (held ? renew() : takeUp().then(renew));
    else if (held) forget();
    held = there;
  });
}

async function takeUp(): Promise<void> {
  const kept = await shelf.kept<OpenDoors>(NAME).catch(() => null);
  if (kept !== null && !isStale(kept.atMs, Date.now())) doors.value = kept;
}

function forget(): void {
  searches.drop();
  doors.value = null;
  found.value = [];
  void shelf.forget(NAME).catch(() => undefined);
}

async function renew(): Promise<void> {
  const before = doors.peek();
  if (before !== null && Date.now() - before.atMs < EVERY_MS) return;
  if (before !== null && isStale(before.atMs, Date.now())) doors.value = null;
  if (!online.peek()) return;
  const answer = await readDoors();
  if (answer?.status !== 200 || day.peek() === null) return;
  doors.value = { value: answer.body, atMs: Date.now() };
  await shelf.keep(NAME, answer.body, Date.now()).catch(() => undefined);
}

/** Ask for `words` in the whole area; gives whether somebody answered. */
export async function search(words: string): Promise<boolean> {
  const mayShow = searches.ask(words);
  const answer = await readDoors(words);
  if (answer?.status !== 200) return false;
  if (mayShow()) found.value = answer.body.items;
  return true;
}

/** Begin a visit that nobody planned; its key. */
export async function beginVisit(door: OpenDoor, kind: VisitKind): Promise<string> {
  const before = unsaid(added.peek(), own.peek(), door, kind);
  if (before !== undefined) return before.visit.key;
  const at = unplanned(door, kind, randomKey());
  await addVisit(at);
  return at.visit.key;
}
