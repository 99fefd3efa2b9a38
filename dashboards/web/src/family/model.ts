/**
 * What the page knows of a home, and how old that is.
 *
 * What this is: reading again and again while somebody looks, and the plain questions that the views ask. What it is not:
 * a view, or a copy that outlives the page; an hour-old "no alarm" is worse than "no network". The one idea: what was
 * read last stays on the page with the time it was read, and from the first read that fails the page says so. What is
 * answered about a home that nobody looks at any more is thrown away (`Newest`).
 */
import { batch, computed, signal } from "@preact/signals";
import { Refused } from "@/core/api";
import { Newest } from "@/core/newest";
import type { FamilyApi, FamilyHome, Followed, Hush, Look, Progress } from "./api";

/** [D] A family's page is no console: this often while somebody looks at it. */
export const EVERY_MS = 120_000;
const NOT_FOUND = 404;

export const followed = signal<Followed | null>(null);
export const home = signal<FamilyHome | null>(null);
/** What the reader wants to hear nothing of. */
export const hushes = signal<readonly Hush[]>([]);
/** When `home` was read, ISO; `null`: never. */
export const readAt = signal<string | null>(null);
/** What came of the last read. */
export const trouble = signal<"none" | "network" | "refused">("none");

/** The incidents that are not over, and those that are. */
export const underWay = computed(() => incidents((one) => one.closed_at === null));
export const past = computed(() => incidents((one) => one.closed_at !== null));
/** What the reader hears nothing of at the home that is shown; `null`: they hear of everything. */
export const hushed = computed<Hush | null>(() => hushes.value.find((one) => one.home_id === home.value?.home_id) ?? null);
/** Who looked, without the reader. */
export const looks = computed<readonly Look[]>(() => (home.value?.looks ?? []).filter((look) => !look.own));

function incidents(fits: (one: Progress) => boolean): readonly Progress[] {
  return (home.value?.incidents ?? []).filter(fits);
}

/** Whether the resident allows `purpose`. */
export function allows(shown: FamilyHome, purpose: string): boolean {
  return shown.shared.some((one) => one.purpose === purpose && one.allowed);
}

/** What somebody wants to see: a home, or whichever the incident is of that a notice told of. */
export type Wanted = { readonly home: number } | { readonly incident: number };

const [questions, quiets] = [new Newest(), new Newest()];
/** What was asked for last; it may not be there yet. */
let chosen: Wanted | null = null;

/** Read which homes there are, and the one that is `wanted`, else the one that was wanted before, else the first. */
export async function refresh(api: FamilyApi, wanted: Wanted | null = chosen): Promise<void> {
  chosen = wanted;
  const mayShow = questions.ask(JSON.stringify(wanted));
  try {
    const all = await api.followed();
    const shown = await choose(api, all.homes.map((one) => one.home_id), wanted);
    const mayHush = quiets.ask();
    const quiet = await api.hushes();
    if (!mayShow()) return;
    if (shown !== null) chosen = { home: shown.home_id };
    batch(() => {
      followed.value = all;
      home.value = shown;
      if (mayHush()) hushes.value = quiet;
      readAt.value = shown?.now ?? new Date().toISOString();
      trouble.value = "none";
    });
  } catch (error) {
    if (!mayShow()) return;
    // Sharing may end between two questions: then the home is gone, and the next read says why.
    const gone = error instanceof Refused && error.status === NOT_FOUND;
    batch(() => {
      if (gone) home.value = null;
      trouble.value = error instanceof Refused ? "refused" : "network";
    });
  }
}

async function choose(api: FamilyApi, ids: readonly number[], wanted: Wanted | null): Promise<FamilyHome | null> {
  if (wanted !== null && "incident" in wanted) {
    const found = await homeOf(api, ids, wanted.incident);
    if (found !== null) return found;
  }
  const asked = wanted !== null && "home" in wanted ? wanted.home : null;
  const id = [asked, home.value?.home_id ?? null, ids[0] ?? null].find((one) => one !== null && ids.includes(one));
  return id === undefined || id === null ? null : api.home(id);
}

/** A notice names no home, for it is read on a locked screen; the few homes of one reader are asked in turn. */
async function homeOf(api: FamilyApi, ids: readonly number[], incident: number): Promise<FamilyHome | null> {
  for (const id of ids) {
    const read = await api.home(id);
    if (read.incidents.some((one) => one.id === incident)) return read;
  }
  return null;
}

/** The incident that the address of this page names, as a notice's link does. */
export function toldOf(search: string): Wanted | null {
  const incident = Number(new URLSearchParams(search).get("i") ?? "");
  return Number.isSafeInteger(incident) && incident > 0 ? { incident } : null;
}

/** What a command left of that of which nothing is to be told: newer than what was asked for before. */
export function takeHushes(left: readonly Hush[]): void {
  quiets.drop();
  hushes.value = left;
}

/** Forget everything: somebody else may be next. */
export function forget(): void {
  questions.drop();
  quiets.drop();
  chosen = null;
  batch(() => {
    followed.value = home.value = readAt.value = null;
    hushes.value = [];
    trouble.value = "none";
  });
}

/** Read again whenever somebody looks, comes back, or has a network again; returns how to stop. */
export function follow(read: () => void, page: Document = document, view: Window = window): () => void {
  const look = () => {
    if (page.visibilityState === "visible") read();
  };
  const timer = view.setInterval(look, EVERY_MS);
  page.addEventListener("visibilitychange", look);
  view.addEventListener("online", look);
  return () => {
    view.clearInterval(timer);
    page.removeEventListener("visibilitychange", look);
    view.removeEventListener("online", look);
  };
}

/** `6:40` by the clock of the home. */
export function clockAt(iso: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone: zone })
    .format(new Date(iso))
    .replace(/^0(?=\d:)/, "");
}

/** A day in the words of the language `tag`, by the clock of the home; with the time where that matters. */
export function dayAt(iso: string, zone: string, tag: string): string {
  return new Intl.DateTimeFormat(tag, { month: "long", day: "numeric", timeZone: zone }).format(new Date(iso));
}

/** `tel:` of a number as people write it. */
export function telephone(number: string): string {
  return `tel:${number.replace(/[^\d+]/g, "")}`;
}
