/**
 * What stands beside the chosen incident: where somebody was last noticed in its home, and who was asked to go.
 *
 * What this is: two signals and when to read them. What it is not: part of the incident's record; without an answer the
 * pane stands as it is. The one idea: an answer for an incident that is no longer chosen is dropped.
 */
import { computed, effect, signal } from "@preact/signals";
import type { CalloutView, PlacesView } from "@/core/home-api";
import { session } from "@/sign/session";
import { homeApi, incidentOf, nowMs, selected } from "./model";

const REFRESH_MS = 10_000;
const refreshes = computed(() => Math.floor(nowMs.value / REFRESH_MS));

export const lastPlaces = signal<PlacesView | null>(null);
export const callout = signal<CalloutView | null>(null);

const wantedHome = computed(() => (session.value ? (incidentOf(selected.value)?.home_id ?? null) : null));
effect(() => {
  const home = wantedHome.value;
  void refreshes.value;
  if (lastPlaces.peek()?.home_id !== home) lastPlaces.value = null;
  if (home !== null) void homeApi.places(home).then((found) => keep(home === wantedHome.peek(), lastPlaces, found), () => undefined);
});

/** Only whoever may send somebody, and only while the incident is open. */
const wantedCallout = computed(() => {
  const incident = session.value?.permissions.includes("handle_incident") ? incidentOf(selected.value) : null;
  return incident === null || incident.closed_at !== null ? null : `${incident.id}@${incident.version}`;
});
effect(() => {
  const wanted = wantedCallout.value;
  void refreshes.value;
  if (wanted === null) callout.value = null;
  else readCallout(Number(wanted.split("@")[0]));
});

/** Read anew who was asked; also for whoever has just asked somebody. */
export function readCallout(incident: number): void {
  if (callout.peek()?.incident_id !== incident) callout.value = null;
  void homeApi.callout(incident).then((found) => keep(selected.peek() === incident, callout, found), () => undefined);
}

function keep<T>(still: boolean, block: { value: T | null }, found: T): void {
  if (still) block.value = found;
}
