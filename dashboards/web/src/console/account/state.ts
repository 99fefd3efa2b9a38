/**
 * What the page of one's own account knows, and how it asks for it.
 *
 * What this is: three signals and one way to send. What it is not: a view. The one idea: after each change the list
 * is read anew, so the page only ever shows what the server says; there is nothing to undo.
 */
import { signal } from "@preact/signals";
import { Refused, type OwnSessions, type TokenView } from "@/core/api";
import { LANGUAGES, locale, t, type Key } from "@/core/i18n";
import { api, session } from "../model";
import { notify } from "../notices";

const SIGNED_OUT = 401;

/** Where one is signed in, and the second factor; `null`: not read yet. */
export const own = signal<OwnSessions | null>(null);
export const tokens = signal<readonly TokenView[] | null>(null);
/** What is being sent: its buttons wait. */
export const sending = signal(false);

/** The language tag that dates are written in. */
export function tag(): string {
  return LANGUAGES[locale.value].tag;
}

/** Whether the person may let services in. */
export function mayAdminister(): boolean {
  return session.value?.permissions.includes("administer") === true;
}

/** Read what the page shows. */
export async function read(): Promise<void> {
  try {
    const [mine, services] = await Promise.all([api.sessions(), mayAdminister() ? api.tokens() : null]);
    own.value = mine;
    tokens.value = services;
  } catch (error) {
    explain(error);
  }
}

/** Forget it all: somebody else may sign in here. */
export function forget(): void {
  own.value = null;
  tokens.value = null;
}

/**
 * Send `work`, say `done`, and read anew what the page shows. Gives `null`: it was done, or why it was not. `refusals`
 * are told by whoever asked, by the code of the refusal; all others are told here.
 */
export async function send(work: () => Promise<void>, done: Key | null, refusals: Readonly<Record<string, Key>> = {}): Promise<Key | null> {
  if (sending.value) return "app.loading";
  sending.value = true;
  try {
    await work();
    if (done !== null) notify(t(done));
    if (own.value !== null) await read();
    return null;
  } catch (error) {
    const told = error instanceof Refused ? refusals[error.code] : undefined;
    return told ?? explain(error);
  } finally {
    sending.value = false;
  }
}

/** Tell what went wrong at the foot of the page, or ask for a new sign-in. */
function explain(error: unknown): Key {
  const refused = error instanceof Refused;
  if (refused && error.status === SIGNED_OUT) session.value = null;
  const told = refused ? "notice.refused" : "notice.unreachable";
  notify(t(told), true);
  return told;
}
