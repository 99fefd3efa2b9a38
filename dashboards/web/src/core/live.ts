/**
 * The live link: a snapshot, then the stream of changes, for as long as the page is open.
 *
 * What this is: connecting, noticing silence, reconnecting. What it is not: it holds no records (`store`) and
 * draws nothing. The one idea: only what arrives proves that the link lives. A connection that is open but
 * silent counts as lost after twelve seconds; then the page says so, and asks for snapshots until it hears again.
 */
import { Refused, type HomeView, type IncidentView, type Snapshot } from "./api";
import type { Change } from "./store";

export type Link = "connecting" | "live" | "lost" | "signed_out";

/** The part of `EventSource` that is used. */
export interface Stream {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface Wire {
  snapshot(): Promise<Snapshot>;
  /** Open the stream of changes after the change `seq`. */
  stream(seq: number): Stream;
}

export interface Sink {
  snapshot(snapshot: Snapshot): void;
  change(seq: number, change: Change): void;
  /** The server's time, from a heartbeat. */
  beat(now: string): void;
  link(link: Link): void;
}

export const SILENCE_MS = 12_000; // two heartbeats of 5 s missed, and a margin
export const POLL_MS = 15_000;
const WATCH_MS = 1_000;
const RETRY_MS = [1_000, 2_000, 4_000, 8_000] as const;
const JITTER = 0.2; // consoles of one centre must not all come back in the same instant
const SIGNED_OUT: ReadonlySet<number> = new Set([401, 403]);

export class Live {
  #link: Link = "connecting";
  #seq = 0;
  #stream: Stream | null = null;
  #heardAt = 0;
  #polledAt = 0;
  #failures = 0;
  /** The snapshot that is being asked for; what is answered to an earlier one is nobody's. */
  #loading: object | null = null;
  #running = false;
  #watch: ReturnType<typeof setInterval> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly sink: Sink,
    private readonly monotonicMs: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {}

  /** Begin, or begin anew under another session. */
  start(): void {
    this.stop();
    this.#running = true;
    this.#turn("connecting");
    [this.#seq, this.#failures] = [0, 0];
    this.#heardAt = this.monotonicMs();
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    void this.#reload();
  }

  stop(): void {
    this.#running = false;
    this.#loading = null;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#stream?.close();
    this.#stream = null;
  }

  /** Look at once: the machine woke up, or the network came back. */
  wake(): void {
    if (this.#running) this.#look();
  }

  /** Seconds since anything was heard. */
  silenceSeconds(): number {
    return (this.monotonicMs() - this.#heardAt) / 1_000;
  }

  #look(): void {
    const now = this.monotonicMs();
    if (now - this.#heardAt <= SILENCE_MS) return;
    const first = this.#link !== "lost";
    this.#turn("lost");
    if (first || now - this.#polledAt >= POLL_MS) void this.#reload();
  }

  async #reload(): Promise<void> {
    if (this.#loading !== null) return;
    const mine = (this.#loading = {});
    this.#polledAt = this.monotonicMs();
    try {
      const snapshot = await this.wire.snapshot();
      if (this.#loading !== mine) return;
      this.#seq = snapshot.seq;
      this.sink.snapshot(snapshot);
      this.#listen();
    } catch (error) {
      if (this.#loading !== mine) return;
      if (error instanceof Refused && SIGNED_OUT.has(error.status)) this.#leave();
      else this.#tryLater();
    } finally {
      if (this.#loading === mine) this.#loading = null;
    }
  }

  #listen(): void {
    clearTimeout(this.#retry);
    this.#stream?.close();
    const stream = this.wire.stream(this.#seq);
    this.#stream = stream;
    const on = (type: string, act: (event: MessageEvent<string>) => void) =>
      stream.addEventListener(type, (event) => {
        if (this.#stream === stream) act(event); // a stream given up may still deliver
      });
    on("inc", (event) => this.#take(event, { topic: "inc", body: JSON.parse(event.data) as IncidentView }));
    on("home", (event) => this.#take(event, { topic: "home", body: JSON.parse(event.data) as HomeView }));
    on("hb", (event) => {
      const { seq, now } = JSON.parse(event.data) as { seq: number; now: string };
      this.#heard();
      this.#seq = Math.max(this.#seq, seq); // everything up to there was sent, or does not concern this screen
      this.sink.beat(now);
    });
    on("reset", () => {
      this.#heard();
      void this.#reload();
    });
    on("error", () => this.#broken());
  }

  #take(event: MessageEvent<string>, change: Change): void {
    this.#heard();
    this.#seq = Math.max(this.#seq, Number(event.lastEventId) || 0);
    this.sink.change(this.#seq, change);
  }

  #heard(): void {
    this.#heardAt = this.monotonicMs();
    this.#failures = 0;
    this.#turn("live");
  }

  /** The stream broke. Continue where it was; if that fails too, start from a snapshot (it tells a lost session). */
  #broken(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#tryLater();
  }

  #tryLater(): void {
    const again = this.#failures > 0;
    const pause = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? POLL_MS;
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => (again || this.#seq === 0 ? void this.#reload() : this.#listen()),
      pause * (1 + JITTER * (2 * this.random() - 1)),
    );
  }

  #leave(): void {
    this.stop();
    this.#turn("signed_out");
  }

  #turn(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    this.sink.link(link);
  }
}
