/**
 * Time as the server sees it, and how it is written.
 *
 * The one idea: ages and countdowns are reckoned on the server's clock, because the clock of a cheap PC may be
 * minutes off; the offset is renewed by each heartbeat. Silence, on the other hand, is measured on the
 * monotonic clock, which nobody can set.
 */

const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** A wall clock corrected by what the server said last. */
export class ServerClock {
  #offsetMs = 0;

  constructor(private readonly wallMs: () => number = Date.now) {}

  /** Take the server's `now` (ISO 8601) as heard at this moment. */
  hear(now: string): void {
    const heard = Date.parse(now);
    if (Number.isFinite(heard)) this.#offsetMs = heard - this.wallMs();
  }

  /** Milliseconds since the epoch on the server's clock. */
  nowMs(): number {
    return this.wallMs() + this.#offsetMs;
  }
}

/** Whole seconds from `iso` to `nowMs`; never negative, so that skew cannot show an age of -3 s. */
export function ageSeconds(iso: string, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - Date.parse(iso)) / SECOND_MS));
}

/** Whole seconds until `iso`, rounded up; zero when it has passed. */
export function secondsUntil(iso: string, nowMs: number): number {
  return Math.max(0, Math.ceil((Date.parse(iso) - nowMs) / SECOND_MS));
}

/** A duration as `00:42`, `12:05`, `3:07:10` or, from one day on, `2 d 05:10` with the catalogue's word for days. */
export function formatDuration(seconds: number, day = "d"): string {
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  if (seconds >= DAY_S) {
    const rest = seconds % DAY_S;
    return `${Math.floor(seconds / DAY_S)} ${day} ${two(rest / HOUR_S)}:${two((rest % HOUR_S) / MINUTE_S)}`;
  }
  const minutes = `${two((seconds % HOUR_S) / MINUTE_S)}:${two(seconds % MINUTE_S)}`;
  return seconds >= HOUR_S ? `${Math.floor(seconds / HOUR_S)}:${minutes}` : minutes;
}

/** The local time of day as `16:02:11`, 24 hours in every language. */
export function formatClock(iso: string | number): string {
  const at = new Date(iso);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

/** A day and a time of day in the words of the language `tag`, e.g. `2026年11月26日 08:02`; local time, 24 hours. */
export function formatMoment(iso: string, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(new Date(iso));
}

/** A day in the words of the language `tag`. */
export function formatDay(iso: string, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: "medium" }).format(new Date(iso));
}

const SPANS = [["day", DAY_S], ["hour", HOUR_S], ["minute", MINUTE_S], ["second", 1]] as const;

/** How long ago `iso` was, in the words of the language `tag`, e.g. `2分钟前`. */
export function formatAgo(iso: string, nowMs: number, tag: string): string {
  const age = ageSeconds(iso, nowMs);
  const [unit, seconds] = SPANS.find(([, length]) => age >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(tag).format(-Math.floor(age / seconds), unit);
}
