/** Vital signs of the chosen day: what it was last, between which values, and a line. */
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { midnight } from "@/core/activity";
import type { SeriesView } from "@/core/home-api";
import { formatClock } from "@/core/time";
import { t, term } from "../words";
import { dayName } from "../names";
import { Panel } from "./panel";
import { card, dayMs, daysBack, known, vitals } from "./state";
import { lines, summary, type Drawn, type Vital } from "./vitals";

/** The chart's code did not come: the numbers remain. */
const failed = signal(false);
/** A canvas does not follow the theme by itself. */
const DARK = matchMedia("(prefers-color-scheme: dark)");
const dark = signal(DARK.matches);
DARK.addEventListener("change", (event) => (dark.value = event.matches));

export function Vitals() {
  return (
    <Panel name="vitals" title={t("home.vitals", { day: dayName(dayMs.value, daysBack.value) })} of={card.value}>
      {() => (known.value.length === 0 ? <p class="quiet">{t("home.no_vitals")}</p> : (
        <div class="vitals">{known.value.map((vital) => <One key={vital.name} vital={vital} />)}</div>
      ))}
    </Panel>
  );
}

function One({ vital }: { vital: Vital }) {
  const block = vitals.value.get(vital);
  const found = block?.value ?? [];
  const drawn = lines(found);
  return (
    <figure>
      <figcaption>
        <b>{t(`vital.${vital.name}`)}</b>
        <span>{said(found, vital)}</span>
      </figcaption>
      {block?.why === "failed" && <p class="quiet">{t("home.failed")}</p>}
      {drawn.length > 0 && !failed.value && <Chart vital={vital} drawn={drawn} />}
    </figure>
  );
}

/** `最近 96（14:05），62 – 104`, for each quantity. */
function said(found: readonly SeriesView[], vital: Vital): string {
  const told = vital.quantities.flatMap((quantity) => {
    const one = summary(found, quantity);
    if (one === null) return [];
    const name = vital.quantities.length > 1 ? `${term("quantity", quantity)} ` : "";
    return [name + t("home.vital", { last: round(one.last), at: formatClock(one.lastAt).slice(0, 5), least: round(one.least), greatest: round(one.greatest) })];
  });
  return told.length === 0 ? t("home.not_measured") : told.join(" · ");
}

function round(value: number): string {
  return String(Number(value.toFixed(1)));
}

function Chart({ vital, drawn }: { vital: Vital; drawn: readonly Drawn[] }) {
  const place = useRef<HTMLDivElement>(null);
  const begin = dayMs.value;
  const points = drawn.map((line) => `${line.device}:${line.points.length}:${line.points.at(-1)?.at ?? ""}`).join();
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let remove: (() => void) | undefined;
    let gone = false;
    import("./chart").then(
      ({ draw }) => {
        if (!gone) remove = draw(element, drawn, { from: begin / 1_000, to: midnight(begin, -1) / 1_000, range: vital.range });
      },
      () => (failed.value = true),
    );
    return () => {
      gone = true;
      remove?.();
    };
  }, [vital, begin, points, dark.value]);
  return <div class="chart" ref={place} aria-hidden="true" />;
}
