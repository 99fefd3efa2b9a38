/**
 * The wall's line: whole views, for as long as they come.
 *
 * What this is: open the stream, read views from it, notice silence, try again. What it is not: a view of anything.
 * The one idea: only a view that arrives proves that the wall is current; when none has come for twelve seconds the
 * wall says so, whatever the connection pretends. `fetch` instead of `EventSource`, because a device shows its token
 * in a header: it is in no address and no log.
 */
import type { components } from "@/core/schema";

export type WallView = components["schemas"]["WallView"];
export type WallRow = components["schemas"]["WallRow"];
export type WallPlace = components["schemas"]["WallPlace"];

/** `refused`: the token is unknown, revoked or over, and there is nobody signed in. */
export type WallState = "connecting" | "live" | "old" | "refused";

export interface WallSink {
  view(view: WallView): void;
  state(state: WallState): void;
}

type Open = (signal: AbortSignal) => Promise<Response>;

export const SILENCE_MS = 12_000; // two views of 5 s missed, and a margin
const WATCH_MS = 1_000;
const RETRY_MS = [1_000, 2_000, 4_000, 8_000] as const;
const REFUSED_MS = 30_000; // a token may be renewed; nobody should hammer at a door
const SIGNED_OUT: ReadonlySet<number> = new Set([401, 403]);

/** The stream of the wall, with the device's token, or with whoever is signed in. */
export function openWall(token: string | null, send: typeof fetch = (input, init) => fetch(input, init)): Open {
  return (signal) => send("/api/v1/wall?follow=true", {
    headers: { Accept: "text/event-stream", ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
    cache: "no-store",
    credentials: token === null ? "same-origin" : "omit",
    signal,
  });
}

export class WallLink {
  #state: WallState = "connecting";
  #heardAt: number;
  #failures = 0;
  #running = false;
  #line = new AbortController();
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly open: Open,
    private readonly sink: WallSink,
    private readonly monotonicMs: () => number = () => performance.now(),
    private readonly wait: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ) {
    this.#heardAt = monotonicMs();
  }

  start(): void {
    this.#running = true;
    this.#heardAt = this.monotonicMs();
    this.#watch = setInterval(() => this.look(), WATCH_MS);
    void this.#run();
  }

  stop(): void {
    this.#running = false;
    clearInterval(this.#watch);
    this.#line.abort();
  }

  /** Seconds since a view came. */
  silenceSeconds(): number {
    return (this.monotonicMs() - this.#heardAt) / 1_000;
  }

  /** Whether what is shown is old by now; then give up the line it should have come by. */
  look(): void {
    if (this.monotonicMs() - this.#heardAt <= SILENCE_MS || this.#state === "old" || this.#state === "refused") return;
    this.#turn("old");
    this.#line.abort();
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const refused = await this.#once();
      if (!this.#running) return;
      const pause = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? SILENCE_MS;
      this.#failures += 1;
      await this.wait(refused ? REFUSED_MS : pause);
    }
  }

  /** Read one connection to its end; whether it was refused. */
  async #once(): Promise<boolean> {
    this.#line = new AbortController();
    try {
      const response = await this.open(this.#line.signal);
      if (SIGNED_OUT.has(response.status)) {
        this.#turn("refused");
        return true;
      }
      if (response.ok && response.body !== null) await this.#read(response.body);
    } catch {
      // The line broke, or was given up: the silence is what counts.
    }
    return false;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop() ?? "";
      for (const view of events.flatMap(viewOf)) this.#hear(view);
    }
  }

  #hear(view: WallView): void {
    this.#heardAt = this.monotonicMs();
    this.#failures = 0;
    this.sink.view(view);
    this.#turn("live");
  }

  #turn(state: WallState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.sink.state(state);
  }
}

function viewOf(event: string): WallView[] {
  const lines = event.split("\n");
  if (!lines.includes("event: wall")) return [];
  const data = lines.find((line) => line.startsWith("data: "));
  return data === undefined ? [] : [JSON.parse(data.slice("data: ".length)) as WallView];
}
