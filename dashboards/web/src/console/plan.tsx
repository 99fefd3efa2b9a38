/** A home as a plan of rooms: where somebody was last noticed, and how long ago. */
import type { PlaceNow } from "@/core/home-api";
import { formatAgo, formatClock } from "@/core/time";
import { nowMs } from "./model";
import { placeColour, placeName, tag } from "./names";
import "./plan.css";
import { t } from "./words";

/** A sensor that said nothing for so long tells nothing of now. */
const SILENT_MS = 2 * 3_600_000;

/** The latest place stands out; the others follow in the order of time. `most`: rows of a small plan. */
export function Plan({ found, most = found.length }: { found: readonly PlaceNow[]; most?: number }) {
  return (
    <ol class="plan">
      {found.slice(0, most).map((one, index) => (
        <li key={`${one.room}/${one.place}`} class={`${placeColour(one)} ${index === 0 && one.sign_at !== null ? "last-seen" : ""}`}>
          <b>{placeName(one)}</b>
          <span>{seen(one)}</span>
          {silent(one) && <small class="unheard">{t("home.sensor_silent")}</small>}
        </li>
      ))}
    </ol>
  );
}

function seen(one: PlaceNow): string {
  if (one.sign_at === null) return t("home.not_seen");
  const about = one.within_s === 0 ? formatClock(one.sign_at) : t("home.about", { at: formatClock(one.sign_at).slice(0, 5) });
  return `${formatAgo(one.sign_at, nowMs.value, tag())} · ${about}`;
}

function silent(one: PlaceNow): boolean {
  return one.heard_at === null || nowMs.value - Date.parse(one.heard_at) > SILENT_MS;
}
