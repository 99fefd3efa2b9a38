/**
 * Who is signed in, on every page alike.
 *
 * What this is: the sign-in's state and its few moves. What it is not: a view (`gate.tsx`), or what a page does once
 * somebody is there; the page says that to `beginSession`. The one idea: a page never asks how somebody came in.
 */
import { batch, effect, signal, type Signal } from "@preact/signals";
import { createApi, Refused, Unreachable, type Session } from "@/core/api";
import { chooseLocale, LANGUAGES, locale, t, type Locale } from "@/core/i18n";
import { Newest } from "@/core/newest";
import { notify } from "@/ui/notices";

const LOCALE_KEY = "anban.locale";
/** Stands while somebody has left this page and the server has not heard of it. */
const LEFT_KEY = "anban.left";
/** Held by a page that has something to send before somebody leaves in another tab. */
export const UNSENT = "anban.unsent";
/** [D] How long whoever leaves waits for such a page: somebody else may be about to sit down. */
const FAREWELL_MS = 5_000;

export const api = createApi();

/** `undefined` until the server has said whether somebody is signed in. */
export const session = signal<Session | null | undefined>(undefined);
/** Whether the person is about to enrol an authenticator of their own accord, or to replace theirs. */
export const enrolling = signal<"first" | "replace" | null>(null);
/** What is known of or for the person who is here: `empty` again when nobody is, for somebody else may sit down. */
export function personal<T>(empty: T): Signal<T> {
  const held = signal(empty);
  effect(() => {
    if (!session.value) held.value = empty;
  });
  return held;
}

/** Questions of whoever is here: what is answered after they left, or after somebody else came, is nobody's. */
export const asking = () => new Newest(() => session.peek());

/** Why the identity provider let nobody in, as the address of this page says; `null`: it does not. */
export const turnedAway = signal<string | null>(null);

/** What a page does when somebody comes, is about to leave, and has left. `byHand`: on this page, and not in another tab. */
export interface Stage {
  readonly title: () => string;
  readonly entered?: (person: Session) => void;
  readonly leaving?: (byHand: boolean) => void;
  readonly left?: (byHand: boolean) => void;
  /** Who is believed to be here while the server does not answer; left out: nobody. */
  readonly unreachable?: () => Promise<Session | null>;
}

const arrivals = new Newest();
let stage: Stage = { title: () => t("app.title") };

/** Choose the language, read what the address says of the sign-in, and find out who is here. */
export function beginSession(page: Stage): void {
  stage = page;
  const stored = localStorage.getItem(LOCALE_KEY);
  useLocale(chooseLocale(stored === null ? navigator.languages : [stored]), false);
  turnedAway.value = new URLSearchParams(location.search).get("sign_in");
  if (turnedAway.value !== null) history.replaceState(null, "", location.pathname);
  addEventListener("storage", leftElsewhere);
  void restore();
}

/** Somebody signed out in another tab of this browser: they mean this one too, even while no server answers. */
function leftElsewhere(event: StorageEvent): void {
  if (event.key !== LEFT_KEY || event.newValue === null || session.peek() === null) return;
  arrivals.drop(); // of whoever is just being asked for
  if (session.peek()) stage.leaving?.(false);
  nobodyHere();
}

/** Whether somebody has left and is still the one that the server would take words from. */
export const isLeaving = () => localStorage.getItem(LEFT_KEY) !== null;

async function restore(): Promise<void> {
  const mayEnter = arrivals.ask();
  try {
    if (isLeaving()) return void (await leave(false));
    const person = await api.whoAmI();
    if (mayEnter()) enter(person);
  } catch (error) {
    const known = error instanceof Unreachable ? ((await stage.unreachable?.()) ?? null) : null;
    if (known !== null && mayEnter()) enter(known);
    else session.value = null;
  }
}

/** A person signed in. */
export function enter(person: Session): void {
  localStorage.removeItem(LEFT_KEY);
  if (localStorage.getItem(LOCALE_KEY) === null) useLocale(chooseLocale([person.locale]), false);
  batch(() => {
    stage.entered?.(person);
    session.value = person;
  });
}

export async function leave(byHand = true): Promise<void> {
  stage.leaving?.(byHand);
  localStorage.setItem(LEFT_KEY, "1");
  await othersHaveSent();
  try {
    await api.signOut();
    localStorage.removeItem(LEFT_KEY);
  } catch (error) {
    if (error instanceof Refused) localStorage.removeItem(LEFT_KEY);
    else notify(t("notice.unreachable"), true);
  }
  nobodyHere(byHand);
}

async function othersHaveSent(): Promise<void> {
  if (!("locks" in navigator)) return; // a page without HTTPS
  await navigator.locks.request(UNSENT, { signal: AbortSignal.timeout(FAREWELL_MS) }, () => undefined).catch(() => undefined);
}

/** Whoever was here is not any more: they left, or the server knows no session of theirs. */
export function nobodyHere(byHand = false): void {
  batch(() => {
    session.value = null;
    enrolling.value = null;
    stage.left?.(byHand);
  });
}

export function useLocale(chosen: Locale, remember = true): void {
  locale.value = chosen;
  document.documentElement.lang = LANGUAGES[chosen].tag;
  document.title = stage.title();
  nameInstalled(chosen);
  if (remember) localStorage.setItem(LOCALE_KEY, chosen);
}

/** A page that is kept on a telephone bears the name that its reader reads; `core/i18n` and the build name languages alike. */
function nameInstalled(chosen: Locale): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="manifest"]');
  if (link !== null) link.href = link.href.replace(/[^.]+(?=\.webmanifest$)/, chosen);
}
