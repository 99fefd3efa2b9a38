/**
 * What the desk's other pages know: the shift and its handover, the list of what equipment needs, and the day's rate.
 *
 * What this is: signals, and the calls that fill them. What it is not: the queue, which follows the stream; these are
 * read when a page is opened, and say when.
 */
import { signal } from "@preact/signals";
import { createTransport, Refused } from "@/core/api";
import type { components } from "@/core/schema";
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

export const shift = signal<Shift | null>(null);
export const worklist = signal<Upkeep | null>(null);
export const rate = signal<AlarmRate | null>(null);
/** Whether the last read failed: what stands there is old, or nothing. */
export const unread = signal(false);
export const sending = signal(false);

async function read<T>(path: string, keep: (found: T) => void): Promise<void> {
  try {
    keep(await transport.once<T>("GET", path));
    unread.value = false;
  } catch {
    unread.value = true;
  }
}

export const readShift = () => read<Shift>("/shift", (found) => (shift.value = found));
export const readWorklist = () => read<Upkeep>("/devices/worklist", (found) => (worklist.value = found));

/** The day's rate; without it the header says less. */
export async function readRate(): Promise<void> {
  rate.value = await transport.once<AlarmRate>("GET", "/alarm-rate").catch(() => rate.peek());
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
