/**
 * The console's state: signals, and the few things a person can do to them.
 *
 * What this is: where the plain modules of `core` meet. What it is not: no view. The one idea: a command shows its
 * effect at once as an *overlay* on the board; the board itself only ever holds what the server said.
 */
import { batch, computed, effect, signal } from "@preact/signals";
import { Sounder, wanted, type SoundState } from "@/core/audio";
import {
  createTransport, Refused, type Action, type ActionDetail, type HomeView, type IncidentDetail, type IncidentView, type Session,
} from "@/core/api";
import { Gather } from "@/core/gather";
import { createHomeApi } from "@/core/home-api";
import { Live, type Link } from "@/core/live";
import { arrange, order, type Shown } from "@/core/queue";
import { apply, EMPTY, fromSnapshot, open, recentAlarms, upsert, type Board, type Change } from "@/core/store";
import { formatClock, ServerClock } from "@/core/time";
import { api, asking, beginSession, nobodyHere, session } from "@/sign/session";
import { notify } from "@/ui/notices";
import { t, term } from "./words";

export type DialogName = "dispatch" | "close" | "emergency" | "note" | "trail" | "bulk_close" | "bulk_note" | "help";
export type View = "incident" | "map" | "homes";
export type Page = "console" | "account" | "map" | "devices" | "shift" | "visits" | "home";
/** Pages with one address. */
type Fixed = Exclude<Page, "home">;

const PATHS: Readonly<Record<Fixed, string>> = {
  console: "/console/", account: "/console/account", map: "/console/map", devices: "/console/devices", shift: "/console/shift", visits: "/console/visits",
};

export const homeApi = createHomeApi(createTransport());
const clock = new ServerClock();

/** Which page is shown to whoever is signed in. */
export const page = signal<Page>("console");
/** Whose page it is, where the page is a home's. */
export const homeId = signal<number | null>(null);
export const link = signal<Link>("connecting");
/** The server's time of the newest data, ms; `null` before the first. */
export const dataAt = signal<number | null>(null);
/** The server's time now, ms; moves once a second. */
export const nowMs = signal(clock.nowMs());
export const silence = signal(0);
export const sound = signal<SoundState>("off");
export const board = signal<Board>(EMPTY);
export const selected = signal<number | null>(null);
export const selectedHome = signal<number | null>(null);
export const detail = signal<IncidentDetail | null>(null);
export const view = signal<View>("incident");
export const dialog = signal<DialogName | null>(null);
export const busy = signal<ReadonlySet<number>>(new Set());
/** Whether the pointer is on the queue: nothing may move below it. */
export const held = signal(false);

const overlay = signal<ReadonlyMap<number, Partial<IncidentView>>>(new Map());

/** The two halves of the board: what hangs on the one rests while the other changes. */
export const homes = computed(() => board.value.homes);
const incidents = computed(() => board.value.incidents);

/** The incident as it is shown; the same object as long as nothing about it changed, so that its row rests. */
export function incidentOf(id: number | null): IncidentView | null {
  const incident = id === null ? undefined : incidents.value.get(id);
  return incident === undefined ? null : overlaid(incident);
}

/** What the server said, and what was just asked of it. */
function overlaid(incident: IncidentView): IncidentView {
  const asked = overlay.value.get(incident.id);
  return asked === undefined ? incident : { ...incident, ...asked };
}

export const openIncidents = computed(() => open({ incidents: incidents.value }).map(overlaid));
export const queue = computed(() => order(openIncidents.value, nowMs.value));
export const unacknowledged = computed(() => openIncidents.value.filter((i) => i.state === "raised"));
export const recent = computed(() => recentAlarms({ incidents: incidents.value }, nowMs.value));
export const shown = signal<Shown>({ rows: [], waiting: [] });

effect(() => {
  const next = arrange(shown.peek().rows, queue.value, held.value);
  if (String(next.rows) !== String(shown.peek().rows) || String(next.waiting) !== String(shown.peek().waiting)) {
    shown.value = next;
  }
});

/** Let the waiting incidents in, pointer or not. */
export function letWaitingIn(): void {
  shown.value = arrange([], queue.value, false);
}

// Sound ------------------------------------------------------------------------------------------------------

export const sounder = new Sounder((state) => (sound.value = state));
effect(() => sounder.want(session.value ? wanted(unacknowledged.value, link.value === "lost") : null));

// The live link ------------------------------------------------------------------------------------------------

const live = new Live(
  { snapshot: api.snapshot, stream: (seq) => new EventSource(`/api/v1/stream?after=${seq}`) },
  {
    snapshot: (snapshot) => {
      changes.flush();
      hear(snapshot.now);
      board.value = fromSnapshot(snapshot, board.peek());
    },
    change: (seq, change) => changes.add([seq, change]),
    beat: hear,
    link: (state) => {
      link.value = state;
      if (state === "signed_out") nobodyHere();
    },
  },
);

/** A burst is one drawing: what comes within a tenth of a second of another feels as if it came at once (RAIL). */
const TOGETHER_MS = 100;
const changes = new Gather<readonly [number, Change]>((all) => {
  batch(() => {
    dataAt.value = clock.nowMs();
    board.value = all.reduce((before, [seq, change]) => apply(before, seq, change), board.peek());
  });
}, TOGETHER_MS);

function hear(now: string): void {
  clock.hear(now);
  batch(() => {
    dataAt.value = clock.nowMs();
    nowMs.value = clock.nowMs();
  });
}

/** Start everything that runs for as long as the page is open. */
export function begin(): void {
  arrive();
  setInterval(() => {
    batch(() => {
      nowMs.value = clock.nowMs();
      silence.value = live.silenceSeconds();
    });
  }, 1_000);
  addEventListener("popstate", arrive);
  addEventListener("online", () => live.wake());
  document.addEventListener("visibilitychange", () => live.wake());
  beginSession({ title: () => t("app.title"), entered: goLive, leaving: () => live.stop(), left: forget });
}

/** Show what the address says. */
function arrive(): void {
  batch(() => {
    homeId.value = numberInPath(location.pathname, "homes");
    page.value = homeId.value === null ? pageOf(location.pathname) : "home";
    selected.value = numberInPath(location.pathname, "i");
  });
}

function pageOf(path: string): Fixed {
  return (Object.keys(PATHS) as Fixed[]).find((name) => name !== "console" && PATHS[name] === path) ?? "console";
}

/** Show another page. */
export function goTo(next: Fixed): void {
  if (next === page.peek()) return;
  history.pushState(null, "", next === "console" && selected.peek() !== null ? `/console/i/${selected.peek()}` : PATHS[next]);
  page.value = next;
}

/** Show the page of a home. */
export function openHome(id: number): void {
  history.pushState(null, "", `/console/homes/${id}`);
  batch(() => {
    homeId.value = id;
    page.value = "home";
  });
}

/** A person signed in. */
function goLive(person: Session): void {
  link.value = "connecting";
  if (person.permissions.includes("read_queue")) live.start();
}

function forget(): void {
  changes.drop();
  board.value = EMPTY;
  detail.value = null;
}

// Selection -----------------------------------------------------------------------------------------------------

export function select(id: number | null): void {
  if (id === selected.peek() && page.peek() === "console") {
    view.value = "incident";
    return;
  }
  history.pushState(null, "", id === null ? "/console/" : `/console/i/${id}`);
  batch(() => {
    page.value = "console";
    selected.value = id;
    view.value = "incident";
  });
}

export function selectHome(home: HomeView): void {
  selectedHome.value = home.id;
  const incident = queue.peek().find((candidate) => candidate.home_id === home.id);
  if (incident !== undefined) select(incident.id);
}

function numberInPath(path: string, of: "i" | "homes"): number | null {
  const found = new RegExp(`/${of}/(\\d{1,15})$`).exec(path);
  return found === null ? null : Number(found[1]);
}

/**
 * Read the pane's record whenever another incident is chosen or the chosen one changed, and every few seconds
 * while it is open: a message that is delivered or a contact who is asked changes no incident.
 */
const REFRESH_MS = 10_000;
/** Moves whenever what stands beside the queue is to be read anew. */
export const refreshes = computed(() => Math.floor(nowMs.value / REFRESH_MS));
const details = asking();
/** Whether the server was last asked for the pane's record in vain; it is asked again every few seconds. */
export const unread = signal(false);
const wantedDetail = computed(() => {
  const id = selected.value;
  if (id === null || !session.value) return null;
  return `${id}@${board.value.incidents.get(id)?.version ?? 0}@${refreshes.value}`;
});
effect(() => {
  const asked = wantedDetail.value;
  if (asked === null) {
    detail.value = null;
    return;
  }
  const id = Number(asked.split("@")[0]);
  if (detail.peek()?.incident.id !== id) detail.value = null;
  if (!details.isAbout(id)) unread.value = false;
  const mayShow = details.ask(id);
  api.incident(id).then(
    (found) => {
      if (selected.peek() !== id || !mayShow()) return;
      batch(() => {
        detail.value = found;
        unread.value = false;
        board.value = upsert(board.peek(), found.incident);
      });
    },
    (error: unknown) => {
      if (selected.peek() !== id) return;
      if (error instanceof Refused && error.code === "not_found") select(null);
      else if (mayShow()) unread.value = true;
    },
  );
});

// Commands ------------------------------------------------------------------------------------------------------

const EFFECT: Readonly<Partial<Record<Action, (person: Session, at: string) => Partial<IncidentView>>>> = {
  ack: (person, at) => ({ state: "acked", owner: person.name, acked_at: at, state_since: at, due_at: null }),
  voice: (_, at) => ({ state: "voice", state_since: at, due_at: null }),
  arrive: (_, at) => ({ state: "on_site", state_since: at, due_at: null }),
};

/** Ask the server to do `action`; the screen shows it at once and takes it back if the answer is no. */
export async function act(id: number, action: Action, what: ActionDetail = {}): Promise<boolean> {
  const incident = board.peek().incidents.get(id);
  const person = session.peek();
  if (incident === undefined || !person || busy.peek().has(id)) return false;
  const predicted = EFFECT[action]?.(person, new Date(clock.nowMs()).toISOString());
  batch(() => {
    busy.value = new Set(busy.peek()).add(id);
    if (predicted !== undefined) overlay.value = new Map(overlay.peek()).set(id, predicted);
  });
  try {
    const moved = await api.act(id, action, incident.version, what);
    board.value = upsert(board.peek(), moved);
    return true;
  } catch (error) {
    explain(error);
    return false;
  } finally {
    batch(() => {
      const [pending, laid] = [new Set(busy.peek()), new Map(overlay.peek())];
      pending.delete(id);
      laid.delete(id);
      busy.value = pending;
      overlay.value = laid;
    });
  }
}

function explain(error: unknown): void {
  if (!(error instanceof Refused)) return notify(t("notice.unreachable"), true);
  if (error.status === 401) {
    nobodyHere();
    return;
  }
  const current = error.current;
  if (current === null) return notify(t("notice.refused"), true);
  board.value = upsert(board.peek(), current);
  notify(
    t("notice.conflict", {
      who: current.owner ?? t("actor.system"),
      state: term("state", current.state),
      at: formatClock(current.state_since),
    }),
    true,
  );
}
