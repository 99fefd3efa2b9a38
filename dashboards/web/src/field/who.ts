/**
 * Who is here: coming, going, and what of theirs stays on this telephone.
 *
 * What this is: what the page does at a sign-in and a sign-out, its own or one in another tab. What it is not: signing
 * in or out (`sign/session`). The one idea: what was read goes with whoever read it; what was written is deleted by its
 * writer's own hand only.
 */
import { batch, computed, effect } from "@preact/signals";
import type { Session } from "@/core/api";
import { isLeaving, session, UNSENT } from "@/sign/session";
import { notify } from "@/ui/notices";
import { isStale, type Day } from "./day";
import { allAdded, day, drafts, drop, forms, items, LOCK, onDisk, own, refresh, sendAll, signedOut, staff, standingNow, tag, takeUp, written } from "./model";
import { hurry, standing } from "./outbox";
import type { Forms } from "./server";
import * as shelf from "./shelf";
import { t } from "./words";

interface Me {
  readonly session: Session;
}

/** Somebody is here: take up what this device keeps for them, then what the server says. */
export async function entered(person: Session): Promise<void> {
  signedOut.value = false;
  day.value = null; // it may be somebody else's
  await onDisk(takeUp());
  await onDisk(takeUpDay(person));
  await refresh();
}

async function takeUpDay(person: Session): Promise<void> {
  const [me, keptDay, keptForms] = await Promise.all([shelf.kept<Me>("me"), shelf.kept<Day>("day"), shelf.kept<Forms>("forms")]);
  const same = me?.value.session.name === person.name && me.value.session.role === person.role;
  batch(() => {
    // What the server said while the disk was read is newer.
    day.value = day.peek() ?? (same && keptDay !== null && !isStale(keptDay.atMs, Date.now()) ? keptDay : null);
    forms.value = forms.peek() ?? keptForms?.value ?? null;
  });
  if (!same) await shelf.forget("day", "doors");
  await shelf.keep("me", { session: person }, Date.now());
}

/** Who was here when the network went, if that is not too long ago. */
export async function known(): Promise<Session | null> {
  const [me, keptDay] = await Promise.all([shelf.kept<Me>("me"), shelf.kept<Day>("day")]).catch(() => [null, null]);
  return me !== null && keptDay !== null && !isStale(keptDay.atMs, Date.now()) ? me.value.session : null;
}

/**
 * Nobody is here any more, and what was read goes. `byHand`: they left on this page, which told them what that deletes.
 * Else they left in another tab, which waits a little: what was said goes out now, and what does not is kept for them.
 */
export async function left(byHand: boolean): Promise<void> {
  const [mine, free] = [staff.peek(), letGo];
  letGo = nobodyWaits;
  const said = own.peek().filter((item) => byHand || item.state === "done");
  const drafted = byHand ? [...drafts.peek().values()] : [];
  batch(() => {
    if (byHand) allAdded.value = allAdded.peek().filter((one) => one.staff !== mine);
    items.value = items.peek().filter((item) => !said.includes(item));
    written.value = written.peek().filter((draft) => !drafted.includes(draft));
    day.value = null;
    tag.value = null;
    signedOut.value = false;
  });
  await onDisk(shelf.leave(said, drafted, byHand ? allAdded.peek() : null));
  if (!byHand) await farewell(mine).finally(free);
}

/** Send what `mine` said for as long as the server takes it for theirs, and say how much is left. */
async function farewell(mine: number): Promise<void> {
  items.value = hurry(items.peek());
  if ("locks" in navigator) await navigator.locks.request(LOCK, () => sendAll(() => (isLeaving() ? mine : null)));
  for (const item of items.peek().filter((one) => one.state === "done")) await drop(item.key);
  const { waiting, refused } = standing(items.peek(), mine, Date.now());
  const n = waiting + refused + written.peek().filter((draft) => draft.staff === mine).length;
  if (n > 0) notify(t("out.kept", { n }), true);
}

const nobodyWaits = () => {};
let letGo = nobodyWaits;

/** Whoever leaves in another tab waits for this page while something is to be sent. */
export function hold(): void {
  const waits = computed(() => Boolean(session.value) && standingNow.value.waiting > 0);
  effect(() => {
    letGo();
    if (waits.value) void navigator.locks?.request(UNSENT, { mode: "shared" }, () => (waits.peek() ? new Promise<void>((done) => (letGo = done)) : undefined));
  });
}

/** Somebody who leaves on this page waits for other pages, not for this one. */
export function leaving(byHand: boolean): void {
  if (byHand) letGo();
}
