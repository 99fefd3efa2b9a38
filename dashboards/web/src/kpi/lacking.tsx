/** Why something is not there, and what to do. */
import type { Lack } from "./model";
import { t } from "./words";

export function Lacking({ why }: { why: Lack }) {
  return <p class="lacking" role="status">{t(`lack.${why}`)}</p>;
}
