/**
 * What the screens of one home and the dispatch dialog ask of the platform.
 *
 * What this is: one function per route, over the transport that all of them share (`api`). What it is not: state. A
 * file of its own, so that pages which show no home do not carry it.
 */
import type { IncidentView, Transport } from "./api";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type ActivityView = Schemas["ActivityView"];
export type PlacesView = Schemas["PlacesView"];
export type PlaceNow = Schemas["PlaceNow"];
export type EventsView = Schemas["EventsView"];
export type SeriesView = Schemas["SeriesView"];
export type LineView = Schemas["LineView"];
export type Quantity = Schemas["Quantity"];
export type VisitView = Schemas["VisitView"];
export type DutyOf = Schemas["PersonView"];
export type MuteView = Schemas["MuteView"];
export type OrderView = Schemas["OrderView"];
export type NewOrder = Schemas["NewOrder"];
export type NewMute = Schemas["NewMute"];
export type DoingView = Schemas["DoingView"];
export type CalloutView = Schemas["CalloutView"];
export type NearView = Schemas["NearView"];
export type AskView = Schemas["AskView"];
export type Said = Schemas["cloud__dispatch__views__Answer"]["said"];
export type ItemAnswer = Schemas["ItemAnswer"];

export interface HomeApi {
  activity(home: number, beginMs: number, endMs: number): Promise<ActivityView>;
  places(home: number): Promise<PlacesView>;
  events(home: number, beginMs: number, endMs: number): Promise<EventsView>;
  series(home: number, quantity: Quantity, beginMs: number, endMs: number): Promise<SeriesView>;
  /** The newest of a home, open or not. */
  incidents(home: number): Promise<readonly IncidentView[]>;
  visits(home: number): Promise<readonly VisitView[]>;
  duty(resident: number): Promise<DutyOf>;
  /** What comes again and again, and has not ended. */
  orders(home: number): Promise<readonly OrderView[]>;
  addOrder(what: NewOrder): Promise<OrderView>;
  endOrder(order: number): Promise<OrderView>;
  /** Those that stand now. */
  mutes(home: number): Promise<readonly MuteView[]>;
  mute(home: number, what: NewMute): Promise<MuteView>;
  endMute(mute: number): Promise<MuteView>;
  /** Who read or changed what, newest first; `incident`: only there. */
  trail(home: number, incident: number | null): Promise<readonly DoingView[]>;
  callout(incident: number): Promise<CalloutView>;
  ask(incident: number, responder: number): Promise<CalloutView>;
  relieve(incident: number, responder: number): Promise<CalloutView>;
  answerFor(incident: number, responder: number, said: Said): Promise<CalloutView>;
  /** The same step on many incidents; each is answered for itself. */
  actOnMany(actions: readonly object[]): Promise<readonly ItemAnswer[]>;
}

const MOST_ROWS = 20; // of a list on a home's page; the rest has a page of its own

export function createHomeApi({ once, command }: Transport): HomeApi {
  const get = <T>(path: string, asked: Readonly<Record<string, string | number>> = {}) => {
    const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
    return once<T>("GET", query.size === 0 ? path : `${path}?${query.toString()}`);
  };
  const span = (beginMs: number, endMs: number) => ({ begin: iso(beginMs), end: iso(endMs) });
  const items = async <T>(found: Promise<{ readonly items: readonly T[] }>) => (await found).items;
  return {
    activity: (home, beginMs, endMs) => get(`/homes/${home}/activity`, span(beginMs, endMs)),
    places: (home) => get(`/homes/${home}/places`),
    events: (home, beginMs, endMs) => get(`/homes/${home}/events`, span(beginMs, endMs)),
    series: (home, quantity, beginMs, endMs) => get(`/homes/${home}/series`, { quantity, ...span(beginMs, endMs) }),
    incidents: (home) => items(get("/incidents", { home_id: home, limit: MOST_ROWS })),
    visits: (home) => items(get("/visits", { home_id: home, limit: MOST_ROWS })),
    duty: (resident) => get(`/visits/people/${resident}`),
    orders: async (home) => (await get<Schemas["OrderList"]>("/visits/orders", { home_id: home })).orders,
    addOrder: (what) => command("/visits/orders", what),
    endOrder: (order) => command(`/visits/orders/${order}/end`, undefined),
    mutes: (home) => items(get("/mutes", { home_id: home })),
    mute: (home, what) => command(`/homes/${home}/mutes`, what),
    endMute: (mute) => command(`/mutes/${mute}/end`, undefined),
    trail: (home, incident) => items(get(`/homes/${home}/trail`, incident === null ? {} : { incident_id: incident })),
    callout: (incident) => get(`/callouts/${incident}`),
    ask: (incident, responder) => command(`/callouts/${incident}/asks`, { responder_id: responder }),
    relieve: (incident, responder) => command(`/callouts/${incident}/asks/${responder}/relieve`, undefined),
    answerFor: (incident, responder, said) => command(`/callouts/${incident}/asks/${responder}/answer`, { said }),
    actOnMany: async (actions) => (await command<Schemas["ActionAnswers"]>("/incidents/actions", { actions })).answers,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
