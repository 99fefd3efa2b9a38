/** Why something is not there, or not newer than it is, and what to do. */
import type { Lack } from "./model";
import { t } from "./words";

export function Lacking({ why }: { why: Lack | "stale" }) {
  return <p class="lacking" role="status">{t(`lack.${why}`)}</p>;
}
