/** `/console/map`: the county in one picture, and beside it a list that says the same. */
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import type { HelperView } from "@/core/api";
import type { Position } from "@/core/geo";
import { ageSeconds, formatClock, formatDuration } from "@/core/time";
import { Shape } from "@/ui/icons";
import { Button, PriorityTag } from "@/ui/parts";
import { aim, county, sheets, starts, tilesOff, toggle, trouble, unreached, type Sheet, type Start } from "./county";
import { homes, nowMs, queue, select } from "./model";
import { t, term, type Key } from "./words";

const MOST_ROWS = 200; // more than anyone reads
const STARTS: readonly (readonly [Start, Key])[] = [
  ["centres", "map.from_centres"], ["workers", "map.from_workers"], ["neighbours", "map.from_neighbours"],
];
const SHEETS: readonly (readonly [Sheet, Key])[] = [["outlines", "map.sheet_outlines"], ["tiles", "map.sheet_tiles"]];
const failed = signal(false);

export function MapPage() {
  return (
    <main class="map-page">
      <section class="map panel" aria-labelledby="map-title">
        <header>
          <h2 id="map-title">{t("map.title")}</h2>
          <Legend />
        </header>
        <Canvas />
        <Corner />
      </section>
      <section class="map-list panel" aria-label={t("map.list")} tabIndex={0}>
        <Choices />
        <Alarms />
        <Unreached />
        <Helpers />
        <Centres />
      </section>
    </main>
  );
}

function Canvas() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let remove: (() => void) | undefined;
    let gone = false;
    Promise.all([import("./map"), import("./county-layers")]).then(
      ([{ drawMap }, { countyLayers }]) => {
        if (!gone) remove = drawMap(element, countyLayers);
      },
      () => (failed.value = true),
    );
    return () => {
      gone = true;
      remove?.();
    };
  }, []);
  return (
    <>
      {failed.value && <p class="quiet map-failed">{t("map.failed_here")}</p>}
      <div class="map-canvas" ref={place} role="group" aria-label={t("map.label")} />
    </>
  );
}

function Legend() {
  return (
    <p class="legend">
      {[1, 2, 3, 4].map((p) => <span key={p} class={`legend-p${p}`}><Shape priority={p} />{term("priority", String(p))}</span>)}
      <span><i class="sign helper free" />{t("map.free")}</span>
      <span><i class="sign helper" />{t("map.busy")}</span>
      <span><i class="sign centre" />{t("map.centre")}</span>
      <span><i class="sign outside" />{t("map.outside")}</span>
    </p>
  );
}

/** Whose map it is, with its review number, and what it lacks. */
function Corner() {
  const found = county.value;
  if (found === null) return null;
  const tiles = sheets.value.has("tiles") ? found.tiles : [];
  const layers = sheets.value.has("outlines") ? found.layers : [];
  return (
    <p class="map-corner" role="status">
      {tiles.length === 0 && <span>{t("map.no_tiles")}</span>}
      {tiles.map((one) => (
        <span key={one.id}>
          {tilesOff.value.has(one.id) ? <b>{t("map.tiles_off")}</b> : one.attribution} · {review(one.review_no)}
        </span>
      ))}
      {layers.map((one) => <span key={one.id}>{one.name} · {one.attribution} · {review(one.review_no)}</span>)}
    </p>
  );
}

const review = (number: string) => (number === "" ? t("map.not_reviewed") : t("map.review_no", { number }));

function Choices() {
  const found = county.value;
  return (
    <div class="block map-choices">
      <fieldset>
        <legend>{t("map.reach_from", { minutes: Math.round((found?.within_s ?? 900) / 60) })}</legend>
        {STARTS.map(([one, name]) => <Choice key={one} name={name} chosen={starts.value.has(one)} onClick={() => toggle(starts, one)} />)}
      </fieldset>
      <fieldset>
        <legend>{t("map.sheets")}</legend>
        {SHEETS.map(([one, name]) => <Choice key={one} name={name} chosen={sheets.value.has(one)} onClick={() => toggle(sheets, one)} />)}
      </fieldset>
      <Freshness />
    </div>
  );
}

function Choice({ name, chosen, onClick }: { name: Key; chosen: boolean; onClick: () => void }) {
  return <label class="choice"><input type="checkbox" checked={chosen} onChange={onClick} /><span>{t(name)}</span></label>;
}

function Freshness() {
  const found = county.value;
  if (trouble.value === "forbidden") return <p class="warning">{t("map.forbidden")}</p>;
  if (found === null) return <p class="quiet">{t(trouble.value === null ? "map.reading" : "map.unread")}</p>;
  const age = formatDuration(ageSeconds(found.now, nowMs.value), t("unit.day"));
  if (trouble.value === null) return <p class="quiet">{t("map.places_age", { age })}</p>;
  return <p class="warning" role="status">{t("map.places_old", { at: formatClock(found.now), age })}</p>;
}

function Alarms() {
  return (
    <Part title={t("map.alarms", { n: queue.value.length })} none={queue.value.length === 0 ? t("map.no_alarms") : ""}>
      {queue.value.slice(0, MOST_ROWS).map((one) => (
        <Row key={one.id} at={one} onClick={() => select(one.id)}>
          <PriorityTag priority={one.priority} />
          <span class="map-row-main"><b>{term("kind", one.kind)} · {one.resident}</b><small>{one.address}</small></span>
        </Row>
      ))}
    </Part>
  );
}

function Unreached() {
  const found = unreached.value;
  if (found === null) {
    return <Part title={t("map.outside_title")} none={t(county.value === null ? "map.reading" : "map.no_start")} />;
  }
  return (
    <Part
      title={t("map.outside_count", { n: found.length, of: homes.value.size })}
      none={found.length === 0 ? t("map.none_outside") : ""}
    >
      {found.slice(0, MOST_ROWS).map((home) => (
        <Row key={home.id} at={home}>
          <i class="sign outside" />
          <span class="map-row-main"><b>{home.resident}</b><small>{home.address}</small></span>
        </Row>
      ))}
    </Part>
  );
}

function Helpers() {
  const found = county.value?.helpers ?? [];
  return (
    <Part title={t("map.helpers", { n: found.length })} none={found.length === 0 ? t("map.no_helpers") : ""}>
      {found.slice(0, MOST_ROWS).map((one) => (
        <Row key={one.id} at={one}>
          <i class={`sign helper ${one.free ? "free" : ""}`} />
          <span class="map-row-main">
            <b>{one.name} · {term("helper", one.kind)}</b>
            <small>{t(one.free ? "map.free" : "map.busy")} · {where(one)}</small>
          </span>
        </Row>
      ))}
    </Part>
  );
}

function where(helper: HelperView): string {
  return helper.seen_at === null ? t("map.at_home") : t("map.seen_at", { at: formatClock(helper.seen_at).slice(0, 5) });
}

function Centres() {
  const found = county.value?.centres ?? [];
  return (
    <Part title={t("map.centres", { n: found.length })} none={found.length === 0 ? t("map.no_centres") : ""}>
      {found.map((one) => (
        <Row key={one.id} at={one}><i class="sign centre" /><span class="map-row-main"><b>{one.name}</b></span></Row>
      ))}
    </Part>
  );
}

function Part({ title, none, children }: { title: string; none: string; children?: preact.ComponentChildren }) {
  return (
    <section class="block">
      <h3>{title}</h3>
      {none === "" ? <ul>{children}</ul> : <p class="quiet">{none}</p>}
    </section>
  );
}

interface RowProps {
  readonly at: { readonly latitude: number | null; readonly longitude: number | null };
  readonly onClick?: () => void;
  readonly children: preact.ComponentChildren;
}

/** Whoever has a place is shown on the map when asked for, without leaving the list. */
function Row({ at, onClick, children }: RowProps) {
  const { latitude, longitude } = at;
  const look = latitude === null || longitude === null ? undefined : () => (aim.value = { latitude, longitude } satisfies Position);
  return (
    <li class="map-row">
      <button type="button" onClick={onClick ?? look}>{children}</button>
      {onClick && look && <Button kind="quiet" icon="map" label={t("map.show")} onClick={look} />}
    </li>
  );
}
