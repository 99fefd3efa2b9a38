/**
 * What the map shows beside homes and incidents: helpers, centres, places, layers; and from where one counts.
 *
 * What this is: the state of `/console/map`, read again while it is looked at. What it is not: drawing
 * (`county-layers`). The one idea: a position says how old it is, and a failed read leaves the old ones standing
 * with their age.
 */
import { computed, effect, signal } from "@preact/signals";
import { Refused, type HomeView, type LayerView, type MapView, type Outline } from "@/core/api";
import type { Position } from "@/core/geo";
import { outside, type Base } from "@/core/reach";
import { api, asking, personal, session } from "@/sign/session";
import { homes, page } from "./model";

export type Start = "centres" | "workers" | "neighbours";
export type Sheet = "outlines" | "tiles";
export type Trouble = "forbidden" | "unreachable";

const READ_EVERY_MS = 15_000;

const questions = asking();

export const county = personal<MapView | null>(null);
/** Why the last read failed; `null`: it did not. */
export const trouble = signal<Trouble | null>(null);
export const starts = signal<ReadonlySet<Start>>(new Set<Start>(["centres", "workers"]));
export const sheets = signal<ReadonlySet<Sheet>>(new Set<Sheet>(["outlines", "tiles"]));
/** Base maps that do not answer. */
export const tilesOff = signal<ReadonlySet<string>>(new Set());
/** Outlines by layer and when it was imported. */
export const outlines = personal<ReadonlyMap<string, readonly Outline[]>>(new Map());
/** Where the map shall go next. */
export const aim = signal<Position | null>(null);

export function toggle<T>(chosen: { value: ReadonlySet<T> }, one: T): void {
  const next = new Set(chosen.value);
  if (!next.delete(one)) next.add(one);
  chosen.value = next;
}

type Placed = HomeView & Position;

let before: readonly Placed[] = [];
/** Homes with a place; the same list as long as none moved, so that what hangs on it rests. */
export const placedHomes = computed(() => {
  const now = [...homes.value.values()].filter((h): h is Placed => h.latitude !== null && h.longitude !== null);
  const same = now.length === before.length && now.every((home, i) => sameSpot(home, before[i]!));
  return same ? before : (before = now);
});

const sameSpot = (a: Placed, b: Placed) => a.id === b.id && a.latitude === b.latitude && a.longitude === b.longitude;

/** From where the circles are drawn. */
export const bases = computed((): readonly Base[] => {
  const found = county.value;
  if (found === null) return [];
  const free = found.helpers.filter((one) => one.free);
  return [
    ...(starts.value.has("centres") ? found.centres : []),
    ...(starts.value.has("workers") ? free.filter((one) => one.kind === "worker") : []),
    ...(starts.value.has("neighbours") ? free.filter((one) => one.kind !== "worker") : []),
  ];
});

/** Homes that none of the bases reaches in time; `null`: there is no base to count from. */
export const unreached = computed(() => (bases.value.length === 0 ? null : outside(placedHomes.value, bases.value)));
export const unreachedIds = computed(() => new Set(unreached.value?.map((home) => home.id)));

async function read(): Promise<void> {
  const mayShow = questions.ask();
  try {
    const found = await api.map();
    if (!mayShow()) return;
    county.value = found;
    trouble.value = null;
  } catch (error) {
    if (!mayShow()) return;
    trouble.value = error instanceof Refused && error.status === 403 ? "forbidden" : "unreachable";
    return;
  }
  for (const layer of county.value?.layers ?? []) if (!outlines.peek().has(edition(layer))) void readLayer(layer);
}

/** What `outlines` calls a layer: imported again, it is another. */
export const edition = (layer: LayerView) => `${layer.id}@${layer.imported_at}`;

async function readLayer(layer: LayerView): Promise<void> {
  const reader = session.peek();
  try {
    const found = await api.mapLayer(layer.id);
    if (session.peek() === reader) outlines.value = new Map(outlines.peek()).set(edition(layer), found.outlines);
  } catch {
    return; // asked again with the next read
  }
}

const looking = computed(() => page.value === "map" && Boolean(session.value));
effect(() => {
  if (!looking.value) return;
  void read();
  const timer = setInterval(() => void read(), READ_EVERY_MS);
  return () => clearInterval(timer);
});
