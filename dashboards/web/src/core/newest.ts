/**
 * Of many answers the newest.
 *
 * What this is: whether an answer may still be shown, where the same place is filled again and again. What it is not: it
 * asks nothing and stops nothing. The one idea: answers come in any order, so one counts only while it is about what was
 * asked last, and no later question was answered before it. Where every answer is slower than the next question about
 * the same, something is shown all the same.
 */
export class Newest {
  #about: string | number = "";
  #asked = 0;
  /** Up to here nobody listens any more. */
  #over = 0;

  /** `asker`: who asks; what is answered after somebody else came is nobody's. */
  constructor(private readonly asker: () => unknown = () => null) {}

  /** Whether `what` is what was asked about last. */
  isAbout(what: string | number): boolean {
    return what === this.#about;
  }

  /** Ask about `what`. What it gives tells, once its answer is there, whether that may be shown. */
  ask(what: string | number = ""): () => boolean {
    if (what !== this.#about) this.drop();
    this.#about = what;
    const [mine, whose] = [++this.#asked, this.asker()];
    return () => {
      if (mine <= this.#over || this.asker() !== whose) return false;
      this.#over = mine;
      return true;
    };
  }

  /** Something newer is known, or nobody wants to know any more: what is under way comes too late. */
  drop(): void {
    this.#over = this.#asked;
  }
}
