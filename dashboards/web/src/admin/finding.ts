/**
 * Steps through what was found while somebody types a name: a table of keys, and what each does.
 *
 * What this is: plain functions of a list's length and of where one stands in it. What it is not: a view
 * (`finder.tsx`), or asking (`listing.ts`). The one idea: what stands first is meant unless somebody steps on, so a
 * name is chosen by typing some of it and pressing Enter.
 */

/** Where somebody stands in a list of `count`; it is shown or not. */
export interface Standing {
  readonly open: boolean;
  readonly at: number;
}

export const CLOSED: Standing = { open: false, at: 0 };

type Step = (from: Standing, count: number) => Standing;

const STEPS: Readonly<Record<string, Step>> = {
  ArrowDown: ({ open, at }, count) => ({ open: true, at: open && count > 0 ? (at + 1) % count : 0 }),
  ArrowUp: ({ open, at }, count) => ({ open: true, at: count === 0 ? 0 : ((open ? at : 0) - 1 + count) % count }),
  Escape: () => CLOSED,
};

/** Where `key` leads; `null`: it is not the list's, and does what it does without one. */
export function stepped(key: string, from: Standing, count: number): Standing | null {
  const step = STEPS[key];
  return step === undefined || (key === "Escape" && !from.open) ? null : step(from, count);
}

/** The one that is called exactly so, whatever its case, where only one is. */
export function exactly<T extends { readonly name: string }>(typed: string, found: readonly T[]): T | null {
  const wanted = typed.trim().toLowerCase();
  const same = found.filter((one) => one.name.toLowerCase() === wanted);
  return same.length === 1 ? (same[0] ?? null) : null;
}
