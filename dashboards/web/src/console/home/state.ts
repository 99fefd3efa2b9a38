/**
 * What the page of one home knows: a signal for each block, filled and refilled by the server's answers.
 *
 * What this is: signals and when to read. What it is not: a view. The one idea: each block stands for itself; one
 * that the reader may not see, or that fails, says so and takes nothing else with it.
 */
import { batch, computed, effect, signal, type Signal } from "@preact/signals";
import { midnight } from "@/core/activity";
import { Refused, type HomeCard, type IncidentView } from "@/core/api";
import type { ActivityView, DoingView, DutyOf, EventsView, MuteView, OrderView, PlacesView, SeriesView, VisitView } from "@/core/home-api";
import { api, session } from "@/sign/session";
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

/** Read into `block`; an answer for a home that is no longer shown is dropped. What was read stays while it is read anew. */
async function read<T>(block: Signal<Block<T>>, home: number, ask: () => Promise<T>): Promise<void> {
  let found: Block<T>;
  try {
    found = { value: await ask(), why: null };
  } catch (error) {
    const refused = error instanceof Refused;
    if (refused && error.status === 401) session.value = null;
    found = { value: refused ? null : block.peek().value, why: refused ? "refused" : "failed" };
  }
  if (shownHome.peek() === home) block.value = found;
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
  void read(activity, home, () => homeApi.activity(home, midnight(end, DAYS - 1), midnight(end, -1)));
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
  void read(events, home, () => homeApi.events(home, begin, midnight(begin, -1)));
});

const resident = computed(() => card.value.value?.resident?.id ?? null);
effect(() => {
  const [home, who] = [shownHome.value, resident.value];
  if (home === null) return;
  if (who === null) duty.value = card.value.why === "loading" ? LOADING : { value: null, why: null };
  else void read(duty, home, () => homeApi.duty(who));
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
  for (const vital of known.peek()) {
    const block = signal<Block<readonly SeriesView[]>>(vitals.peek().get(vital) ?? LOADING);
    const span = [begin, midnight(begin, -1)] as const;
    void read(block, home, () => Promise.all(vital.quantities.map((quantity) => homeApi.series(home, quantity, ...span)))).then(() => {
      vitals.value = new Map(vitals.peek()).set(vital, block.peek());
    });
  }
});

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
