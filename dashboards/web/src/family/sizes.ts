/** The three sizes of text: 20, 24 and 30 px (MIIT's rules for older readers ask for 18 at least, and up to 30). */
export const SIZES = ["large", "larger", "largest"] as const;
export type Size = (typeof SIZES)[number];

/** The next one, and after the largest the first again. */
export function nextSize(size: Size): Size {
  return SIZES[(SIZES.indexOf(size) + 1) % SIZES.length] ?? "large";
}
