/**
 * What the page of one's own account knows, and how it asks for it.
 *
 * What this is: three signals and one way to send. What it is not: a view. The one idea: after each change the list
 * is read anew, so the page only ever shows what the server says; there is nothing to undo.
 */
import type { OwnSessions, TokenView } from "@/core/api";
import { LANGUAGES, locale, type Key as CommonKey } from "@/core/i18n";
import { explain, send as sendPlain, sending } from "@/sign/send";
import { api, asking, personal, session } from "@/sign/session";
import { notify } from "@/ui/notices";
import { t, type Key } from "../words";

/** Where one is signed in, and the second factor; `null`: not read yet. */
export const own = personal<OwnSessions | null>(null);
export const tokens = personal<readonly TokenView[] | null>(null);
export { sending };

/** The language tag that dates are written in. */
export function tag(): string {
  return LANGUAGES[locale.value].tag;
}

/** Whether the person may let services in. */
export function mayAdminister(): boolean {
  return session.value?.permissions.includes("administer") === true;
}

const questions = asking();

/** Read what the page shows. */
export async function read(): Promise<void> {
  const mayShow = questions.ask();
  try {
    const [mine, services] = await Promise.all([api.sessions(), mayAdminister() ? api.tokens() : null]);
    if (!mayShow()) return;
    own.value = mine;
    tokens.value = services;
  } catch (error) {
    explain(error);
  }
}

/** Forget it all: what is opened again is read again. */
export function forget(): void {
  questions.drop();
  own.value = null;
  tokens.value = null;
}

/** As `send` of the sign-in, and then say `done` and read anew what the page shows. */
export function send<K extends string = never>(
  work: () => Promise<void>, done: Key | null, refusals: Readonly<Record<string, K>> = {},
): Promise<K | CommonKey | null> {
  return sendPlain(async () => {
    await work();
    if (done !== null) notify(t(done));
    if (own.value !== null) await read();
  }, refusals);
}
