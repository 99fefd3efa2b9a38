/**
 * What the page of one home knows: a signal for each block, filled and refilled by the server's answers.
 *
 * What this is: signals and when to read. What it is not: a view. The one idea: each block stands for itself; one
 * that the reader may not see, or that fails, says so and takes nothing else with it. An answer about another home or
 * another day than the one that is looked at is thrown away (`Newest`).
 */
import { batch, computed, effect, signal, type Signal } from "@preact/signals";
import { midnight } from "@/core/activity";
import { Refused, type HomeCard, type IncidentView } from "@/core/api";
import type { Newest } from "@/core/newest";
import type { ActivityView, DoingView, DutyOf, EventsView, MuteView, OrderView, PlacesView, SeriesView, VisitView } from "@/core/home-api";
import { api, asking, session } from "@/sign/session";
import { homeApi, homeId, nowMs, page } from "../model";
import { mayOversee } from "../oversee";
import { VITALS, type Vital } from "./vitals";

/** `why` is `refused` (not for this role, or the county does not have it), or `failed` (no answer). */
export type Block<T> = { readonly value: T | null; readonly why: "loading" | "refused" | "failed" | null };

export const DAYS = 7;
const LOADING = { value: null, why: "loading" } as const;
const REFRESH_MS = 30_000;

const blank = <T>(): Signal<Block<T>> => signal<Block<T>>(LOADING);

export const card = blank<HomeCard>();
export const places = blank<PlacesView>();
export const activity = blank<ActivityView>();
export const events = blank<EventsView>();
export const vitals = signal<ReadonlyMap<Vital, Block<readonly SeriesView[]>>>(new Map());
export const incidents = blank<readonly IncidentView[]>();
export const visits = blank<readonly VisitView[]>();
export const duty = blank<DutyOf>();
export const orders = blank<readonly OrderView[]>();
export const mutes = blank<readonly MuteView[]>();
export const trail = blank<readonly DoingView[]>();
const ALL: readonly Signal<Block<never>>[] = [card, places, activity, events, incidents, visits, duty, orders, mutes, trail] as never;

/** Which day is looked at closely: 0 is today. */
export const daysBack = signal(0);
/** The local midnight of that day, ms. */
export const dayMs = computed(() => midnight(nowMs.value, daysBack.value));
const today = computed(() => midnight(nowMs.value));
const refreshes = computed(() => Math.floor(nowMs.value / REFRESH_MS));
const shownHome = computed(() => (session.value && page.value === "home" ? homeId.value : null));

interface Place<T> {
  value: Block<T>;
}

const questions = new Map<unknown, Newest>();

function questionsOf(key: unknown): Newest {
  const held = questions.get(key) ?? asking();
  questions.set(key, held);
  return held;
}

/**
 * Read what `block` shows of `home`, about `what`; `key`: what the block is known by. What was read stays while the same is
 * read anew; of another day it does not, for it stands under that day's name.
 */
async function read<T>(block: Place<T>, home: number, ask: () => Promise<T>, what: number | string = "", key: unknown = block): Promise<void> {
  const about = `${home} ${what}`;
  if (!questionsOf(key).isAbout(about)) block.value = LOADING;
  const mayShow = questionsOf(key).ask(about);
  const found = await answer(block, ask);
  if (shownHome.peek() === home && mayShow()) block.value = found;
}

async function answer<T>(block: Place<T>, ask: () => Promise<T>): Promise<Block<T>> {
  try {
    return { value: await ask(), why: null };
  } catch (error) {
    const refused = error instanceof Refused;
    if (refused && error.status === 401) session.value = null;
    return { value: refused ? null : block.value.value, why: refused ? "refused" : "failed" };
  }
}

// Everything anew when another home is shown.
effect(() => {
  void shownHome.value;
  batch(() => {
    for (const block of ALL) block.value = LOADING;
    vitals.value = new Map();
    daysBack.value = 0;
  });
});

// What changes from minute to minute.
effect(() => {
  const home = shownHome.value;
  void refreshes.value;
  if (home === null) return;
  void read(card, home, () => api.home(home));
  void read(places, home, () => homeApi.places(home));
  void read(incidents, home, () => homeApi.incidents(home));
  void read(mutes, home, () => homeApi.mutes(home));
});

// The strip of the week, and what belongs to it: now and then, and on a new day.
const STRIP_MS = 5 * 60_000;
const strips = computed(() => Math.floor(nowMs.value / STRIP_MS));
effect(() => {
  const home = shownHome.value;
  const end = today.value;
  void strips.value;
  if (home === null) return;
  void read(activity, home, () => homeApi.activity(home, midnight(end, DAYS - 1), midnight(end, -1)), end);
  void read(visits, home, () => homeApi.visits(home));
  void read(orders, home, () => homeApi.orders(home));
  if (mayOversee()) void read(trail, home, () => homeApi.trail(home, null));
});

// What happened on the day that is looked at.
effect(() => {
  const home = shownHome.value;
  const begin = dayMs.value;
  void strips.value;
  if (home === null) return;
  void read(events, home, () => homeApi.events(home, begin, midnight(begin, -1)), begin);
});

const resident = computed(() => card.value.value?.resident?.id ?? null);
effect(() => {
  const [home, who] = [shownHome.value, resident.value];
  if (home === null) return;
  if (who === null) duty.value = card.value.why === "loading" ? LOADING : { value: null, why: null };
  else void read(duty, home, () => homeApi.duty(who), who);
});

/** Which vital signs this home has ever told of, in the order of the page. */
export const known = computed(() => {
  const told = new Set(card.value.value?.readings.map((reading) => reading.quantity));
  return VITALS.filter((vital) => vital.quantities.some((quantity) => told.has(quantity)));
}, );
const knownNames = computed(() => known.value.map((vital) => vital.name).join());

effect(() => {
  const home = shownHome.value;
  const [begin, names] = [dayMs.value, knownNames.value];
  void strips.value;
  if (home === null || names === "") return;
  const span = [begin, midnight(begin, -1)] as const;
  for (const vital of known.peek()) {
    const ask = () => Promise.all(vital.quantities.map((quantity) => homeApi.series(home, quantity, ...span)));
    void read(blockOf(vital), home, ask, begin, vital);
  }
});

function blockOf(vital: Vital): Place<readonly SeriesView[]> {
  return {
    get value() { return vitals.peek().get(vital) ?? LOADING; },
    set value(found) { vitals.value = new Map(vitals.peek()).set(vital, found); },
  };
}

/** Read anew what a command may have changed: an order is its visits. */
export function readOrders(): void {
  const home = shownHome.peek();
  if (home === null) return;
  void read(orders, home, () => homeApi.orders(home));
  void read(visits, home, () => homeApi.visits(home));
}

/** Read anew what a command may have changed. */
export function readMutes(): void {
  const home = shownHome.peek();
  if (home !== null) void read(mutes, home, () => homeApi.mutes(home));
}
