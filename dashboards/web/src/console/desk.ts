/**
 * What the desk's other pages know: the shift and its handover, the list of what equipment needs, and the day's rate.
 *
 * What this is: signals, and the calls that fill them. What it is not: the queue, which follows the stream; these are
 * read when a page is opened, and say when. Whoever leaves takes them along.
 */
import { signal } from "@preact/signals";
import { createTransport, Refused } from "@/core/api";
import type { Newest } from "@/core/newest";
import type { components } from "@/core/schema";
import { asking, personal } from "@/sign/session";
import { notify } from "@/ui/notices";
import { t, type Key } from "./words";

export type Shift = components["schemas"]["ShiftView"];
export type Handover = components["schemas"]["HandoverView"];
export type Upkeep = components["schemas"]["Upkeep"];
export type AlarmRate = components["schemas"]["AlarmRate"];

const transport = createTransport();
const REFUSALS: Readonly<Record<string, Key>> = {
  own_handover: "shift.refused_own", not_read_back: "shift.refused_unread", not_found: "shift.refused_gone",
};

export const shift = personal<Shift | null>(null);
export const worklist = personal<Upkeep | null>(null);
export const rate = personal<AlarmRate | null>(null);
/** Whether the last read failed: what stands there is old, or nothing. */
export const unread = personal(false);
export const sending = signal(false);

const [shifts, worklists, rates] = [asking(), asking(), asking()];

async function read<T>(path: string, into: { value: T | null }, questions: Newest): Promise<void> {
  const mayShow = questions.ask();
  try {
    const found = await transport.once<T>("GET", path);
    if (!mayShow()) return;
    into.value = found;
    unread.value = false;
  } catch {
    if (mayShow()) unread.value = true;
  }
}

export const readShift = () => read<Shift>("/shift", shift, shifts);
export const readWorklist = () => read<Upkeep>("/devices/worklist", worklist, worklists);

/** The day's rate; without it the header says less. */
export async function readRate(): Promise<void> {
  const mayShow = rates.ask();
  const found = await transport.once<AlarmRate>("GET", "/alarm-rate").catch(() => rate.peek());
  if (mayShow()) rate.value = found;
}

/** Write what the next shift should know; whether it was done. */
export const give = (note: string) => send("/shift/handovers", { note });

/** Take the shift over, having read `read`. */
export const take = (id: number, read: readonly number[]) => send(`/shift/handovers/${id}/take`, { read });

async function send(path: string, body: unknown): Promise<boolean> {
  sending.value = true;
  try {
    await transport.command<Handover>(path, body);
    return true;
  } catch (error) {
    notify(t(error instanceof Refused ? (REFUSALS[error.code] ?? "notice.refused") : "notice.unreachable"), true);
    return false;
  } finally {
    await readShift();
    sending.value = false;
  }
}
