/** Short messages at the foot of the page: what was refused, and who was first. */
import { signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const SHOWN_MS = 8_000;
const MOST = 3;

export const notices = signal<readonly Notice[]>([]);
let last = 0;

/** Show `text` for a while. */
export function notify(text: string, bad = false): void {
  const notice = { id: ++last, text, bad };
  notices.value = [...notices.peek().slice(1 - MOST), notice];
  setTimeout(() => (notices.value = notices.peek().filter((other) => other.id !== notice.id)), SHOWN_MS);
}
