/** One way to send what a form asks for: once at a time, and a refusal is told. */
import { signal } from "@preact/signals";
import { Refused } from "@/core/api";
import { t, type Key } from "@/core/i18n";
import { notify } from "@/ui/notices";
import { session } from "./session";

const SIGNED_OUT = 401;

/** What is being sent: its buttons wait. */
export const sending = signal(false);

/**
 * Do `work`. Gives `null`: it was done, or why it was not. `refusals` are told by whoever asked, by the code of the
 * refusal; all others are told here, at the foot of the page.
 */
export async function send<K extends string = never>(
  work: () => Promise<void>,
  refusals: Readonly<Record<string, K>> = {},
): Promise<K | Key | null> {
  if (sending.value) return "app.loading";
  sending.value = true;
  try {
    await work();
    return null;
  } catch (error) {
    const told = error instanceof Refused ? refusals[error.code] : undefined;
    return told ?? explain(error);
  } finally {
    sending.value = false;
  }
}

/** Tell what went wrong at the foot of the page, or ask for a new sign-in. */
export function explain(error: unknown): Key {
  const refused = error instanceof Refused;
  if (refused && error.status === SIGNED_OUT) session.value = null;
  const told = refused ? "notice.refused" : "notice.unreachable";
  notify(t(told), true);
  return told;
}
