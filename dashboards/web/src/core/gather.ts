/**
 * What comes close together is taken together.
 *
 * What this is: a pause between two takings. What it is not: a delay; what comes alone is taken at once. The one idea:
 * in a burst a page draws once per pause, not once per message, and nothing waits longer than that. It is a timer and not
 * an animation frame, because a page in the background has no frames, and its alarm must sound.
 */
export class Gather<T> {
  #waiting: T[] = [];
  #takenAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `take` gets what has come, oldest first, at most once in `pauseMs`. */
  constructor(
    private readonly take: (all: readonly T[]) => void,
    private readonly pauseMs: number,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  add(one: T): void {
    this.#waiting.push(one);
    const left = this.#takenAt + this.pauseMs - this.monotonicMs();
    if (left <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), left);
  }

  /** Take at once what waits. */
  flush(): void {
    const all = this.#waiting;
    this.drop();
    if (all.length === 0) return;
    this.#takenAt = this.monotonicMs();
    this.take(all);
  }

  /** Forget what waits. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
  }
}
