/** Who read or changed what, by name, the newest first. */
import { doing } from "@/core/doing";
import type { DoingView } from "@/core/home-api";
import { formatMoment } from "@/core/time";
import { tag } from "./names";
import { t } from "./words";

/** Entries that follow each other and say the same are one line with a count. */
export function Doings({ found }: { found: readonly DoingView[] }) {
  return (
    <ul class="home-rows" tabIndex={0}>
      {together(found).map(([one, n]) => (
        <li key={one.id} class="plain-row">
          <span>
            <b>{one.name === "" ? t("home.service") : one.name}</b> {doing(one.action)}{n > 1 && ` ×${n}`}
            <small>{formatMoment(one.at, tag())}</small>
          </span>
          <small>{t(one.status === 0 ? "home.changed" : "home.read")}</small>
        </li>
      ))}
    </ul>
  );
}

function together(found: readonly DoingView[]): [DoingView, number][] {
  const lines: [DoingView, number][] = [];
  for (const one of found) {
    const last = lines.at(-1);
    if (last !== undefined && last[0].actor === one.actor && last[0].action === one.action) last[1] += 1;
    else lines.push([one, 1]);
  }
  return lines;
}
