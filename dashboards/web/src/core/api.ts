/**
 * The platform's HTTP interface, typed from its OpenAPI document.
 *
 * What this is: one function per route the console uses. What it is not: no state, no view, no retry of reads.
 * The one idea: a command carries an idempotency key, so that sending it again after a broken connection is
 * always safe and never happens twice.
 */
import type { components } from "./schema";

export type IncidentView = components["schemas"]["IncidentView"];
export type IncidentDetail = components["schemas"]["IncidentDetail"];
export type IncidentState = components["schemas"]["IncidentState"];
export type OutcomeCode = components["schemas"]["OutcomeCode"];
export type HomeView = components["schemas"]["HomeView"];
export type Snapshot = components["schemas"]["Snapshot"];
export type TimelineEntry = components["schemas"]["TimelineEntry"];
export type RungView = components["schemas"]["RungView"];
export type MessageView = components["schemas"]["MessageView"];

export type MapView = components["schemas"]["MapView"];
export type HelperView = components["schemas"]["HelperView"];
export type LayerView = components["schemas"]["LayerView"];
export type TilesView = components["schemas"]["TilesView"];
export type OutlinesView = components["schemas"]["OutlinesView"];
export type Outline = components["schemas"]["Outline"];
export type HomeCard = components["schemas"]["HomeCard"];
export type ActivityView = components["schemas"]["ActivityView"];
export type PlaceLine = components["schemas"]["PlaceLine"];
export type ReadingView = components["schemas"]["ReadingView"];
/** Who is signed in. */
export type Session = components["schemas"]["Me"];
export type NewFactor = components["schemas"]["NewFactor"];
export type Enrolled = components["schemas"]["Enrolled"];
/** How one may sign in besides a password. */
export type Ways = components["schemas"]["Ways"];
export type OwnSessions = components["schemas"]["OwnSessions"];
export type OwnSession = components["schemas"]["OwnSession"];
export type TokenView = components["schemas"]["TokenView"];
export type DrawnToken = components["schemas"]["DrawnToken"];
export type Permission = components["schemas"]["Permission"];

export type Action =
  | "ack" | "voice" | "reply" | "triage" | "dispatch" | "arrive" | "enter" | "emergency" | "monitor" | "note" | "close" | "follow_up" | "reopen";

/** What a command says besides the version; which fields it needs depends on the action. */
export interface ActionDetail {
  readonly priority?: number;
  readonly responder?: string;
  readonly eta_minutes?: number;
  readonly service?: string;
  readonly outcome?: OutcomeCode;
  readonly note?: string;
  readonly question?: string;
  readonly yes?: boolean;
}

/** One field that was refused: where it is in what was sent, and which rule it breaks. */
export type InvalidField = components["schemas"]["InvalidField"];

/** The server answered, and the answer was no. `current` is the record as it stands, sent with a 409. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    /** A stable word such as `not_found`. */
    readonly code: string,
    readonly current: IncidentView | null,
    /** One sentence for a person, in English. */
    readonly detail = "",
    readonly fields: readonly InvalidField[] = [],
  ) {
    super(`${status} ${code}`);
  }
}

/** No answer: the network, the server, or the time limit. Whether a command was done is not known. */
export class Unreachable extends Error {}

export interface Api {
  /** What a page reads that no other page does. `T`: the schema of that path. */
  read<T>(path: string): Promise<T>;
  signIn(username: string, password: string): Promise<Session>;
  completeSignIn(code: string): Promise<Session>;
  waysToSignIn(): Promise<Ways>;
  /** `code`: of the authenticator in force, or a recovery code; `null`: there is none in force. */
  beginSecondFactor(code: string | null): Promise<NewFactor>;
  proveSecondFactor(code: string): Promise<Enrolled>;
  whoAmI(): Promise<Session>;
  signOut(): Promise<void>;
  sessions(): Promise<OwnSessions>;
  endSession(id: number): Promise<void>;
  endOtherSessions(): Promise<void>;
  changePassword(old: string, chosen: string): Promise<void>;
  tokens(): Promise<readonly TokenView[]>;
  /** `division`: the one place that a wall shows; `null`: all of the county. */
  drawToken(name: string, permissions: readonly Permission[], days: number, division: string | null): Promise<DrawnToken>;
  divisions(path: string): Promise<components["schemas"]["DivisionPage"]>;
  revokeToken(id: number): Promise<void>;
  snapshot(): Promise<Snapshot>;
  incident(id: number): Promise<IncidentDetail>;
  home(id: number): Promise<HomeCard>;
  map(): Promise<MapView>;
  mapLayer(id: number): Promise<OutlinesView>;
  act(id: number, action: Action, version: number, detail?: ActionDetail): Promise<IncidentView>;
}

type Send = (input: string, init: RequestInit) => Promise<Response>;
type Wait = (milliseconds: number) => Promise<void>;

const LIMIT_MS = 10_000; // an operator must learn within seconds that a command did not arrive
const COMMAND_RETRY_MS = [400, 1_500]; // pauses before the second and third attempt of a command
const NO_CONTENT = 204;

const pause: Wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * How a page speaks with the platform. `command`: done once, however often it is sent; `POST` unless said. `limitMs`:
 * how long an answer may take.
 */
export interface Transport {
  once<T>(method: string, path: string, body?: unknown, key?: string, limitMs?: number): Promise<T>;
  command<T>(path: string, body?: unknown, method?: "POST" | "PUT" | "DELETE", limitMs?: number): Promise<T>;
}

/** What lies below `/api/v1`. `send` and `wait` are arguments so that tests can play the network. */
export function createTransport(send: Send = (input, init) => fetch(input, init), wait: Wait = pause): Transport {
  async function once<T>(method: string, path: string, body?: unknown, key?: string, limitMs = LIMIT_MS): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json", "X-Anban": "1" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key !== undefined) headers["Idempotency-Key"] = key;
    let response: Response;
    let answer: unknown;
    try {
      response = await send(`/api/v1${path}`, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        cache: "no-store",
        signal: AbortSignal.timeout(limitMs),
      });
      answer = response.status === NO_CONTENT ? undefined : await readJson(response);
    } catch (error) {
      throw new Unreachable(String(error));
    }
    if (!response.ok) throw refusal(response.status, answer);
    return answer as T;
  }

  async function command<T>(path: string, body?: unknown, method = "POST", limitMs?: number): Promise<T> {
    const key = randomKey();
    for (const delay of COMMAND_RETRY_MS) {
      try {
        return await once<T>(method, path, body, key, limitMs);
      } catch (error) {
        if (!mayRepeat(error)) throw error;
        await wait(delay);
      }
    }
    return once<T>(method, path, body, key, limitMs);
  }

  return { once, command };
}

/** What the console and signing in ask; `send` and `wait` as for the transport. */
export function createApi(send?: Send, wait?: Wait): Api {
  const { once, command } = createTransport(send, wait);
  return {
    read: (path) => once("GET", path),
    signIn: (username, password) => once("POST", "/session", { username, password }),
    completeSignIn: (code) => once("POST", "/session/second-factor", { code }),
    waysToSignIn: () => once("GET", "/session/oidc/ways"),
    beginSecondFactor: (code) => once("POST", "/account/second-factor", code === null ? undefined : { code }),
    proveSecondFactor: (code) => once("POST", "/account/second-factor/proof", { code }),
    whoAmI: () => once("GET", "/session"),
    signOut: () => once("DELETE", "/session"),
    sessions: () => once("GET", "/account/sessions"),
    endSession: (id) => once("DELETE", `/account/sessions/${id}`),
    endOtherSessions: () => once("DELETE", "/account/sessions"),
    changePassword: (old, chosen) => once("POST", "/account/password", { old, new: chosen }),
    tokens: async () => (await once<components["schemas"]["Tokens"]>("GET", "/tokens")).tokens,
    drawToken: (name, permissions, days, division) => command("/tokens", { name, permissions, days, division }),
    divisions: (path) => once("GET", path),
    revokeToken: (id) => once("DELETE", `/tokens/${id}`),
    snapshot: () => once("GET", "/snapshot"),
    incident: (id) => once("GET", `/incidents/${id}`),
    home: (id) => once("GET", `/homes/${id}`),
    map: () => once("GET", "/map"),
    mapLayer: (id) => once("GET", `/map/layers/${id}`),
    act: (id, action, version, detail = {}) => command(`/incidents/${id}/${action}`, { version, ...detail }),
  };
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // a proxy's error page; the status says enough
  }
}

function refusal(status: number, answer: unknown): Refused {
  const problem = (answer ?? {}) as Partial<Refused>;
  return new Refused(status, problem.code ?? "", problem.current ?? null, problem.detail ?? "", problem.fields ?? []);
}

/**
 * A gateway's 502-504 says that the server was not reached, and `in_progress` that the first attempt is still being
 * done; anything else it answered is final.
 */
function mayRepeat(error: unknown): boolean {
  if (error instanceof Refused) return error.code === "in_progress" || (error.status >= 502 && error.status <= 504);
  return error instanceof Unreachable;
}

/** 128 random bits in hexadecimal. `crypto.randomUUID` is missing on plain-HTTP pages of a local network. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
