/**
 * What stands beside the chosen incident: what its home said last, where somebody was noticed there, and who was asked to go.
 *
 * What this is: three signals and when to read them. What it is not: part of the incident's record; without an answer the
 * pane stands as it is. The one idea: an answer for an incident that is no longer chosen is dropped, and so is one that
 * was asked for before the newest that is shown.
 */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { HomeCard } from "@/core/api";
import type { CalloutView, PlacesView } from "@/core/home-api";
import { api, asking, session } from "@/sign/session";
import { homeApi, incidentOf, refreshes, selected } from "./model";

export const homeCard = signal<HomeCard | null>(null);
export const lastPlaces = signal<PlacesView | null>(null);
export const callout = signal<CalloutView | null>(null);

const [cards, rooms, callouts] = [asking(), asking(), asking()];

const wantedHome = computed(() => (session.value ? (incidentOf(selected.value)?.home_id ?? null) : null));
effect(() => {
  const home = wantedHome.value;
  void refreshes.value;
  if (homeCard.peek()?.id !== home) homeCard.value = null;
  if (lastPlaces.peek()?.home_id !== home) lastPlaces.value = null;
  if (home === null) return;
  keep(api.home(home), homeCard, still(cards.ask(home), wantedHome, home));
  keep(homeApi.places(home), lastPlaces, still(rooms.ask(home), wantedHome, home));
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

function readCallout(incident: number): void {
  if (callout.peek()?.incident_id !== incident) callout.value = null;
  keep(homeApi.callout(incident), callout, still(callouts.ask(incident), selected, incident));
}

/** What a command on `incident` answered: newer than anything that was asked for before. */
export function takeCallout(incident: number, found: CalloutView): void {
  if (selected.peek() !== incident) return;
  callouts.drop();
  callout.value = found;
}

function still(mayShow: () => boolean, wanted: ReadonlySignal<number | null>, asked: number): () => boolean {
  return () => wanted.peek() === asked && mayShow();
}

/** Without an answer the pane stands as it is, and asks again. */
function keep<T>(answer: Promise<T>, block: { value: T | null }, mayShow: () => boolean): void {
  answer.then((found) => {
    if (mayShow()) block.value = found;
  }, () => undefined);
}
