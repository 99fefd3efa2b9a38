/**
 * The map without tiles: grid and scale bar, every home a dot, every open incident its priority's shape.
 *
 * Leaflet's canvas, because it repaints one mark at a time. Positions are WGS-84. It needs nothing from outside.
 * The one idea: of 3,000 homes only those are touched that changed.
 */
import { effect, untracked } from "@preact/signals";
import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import type { HomeView } from "@/core/api";
import { formatDegrees, frameOf, gridLines, gridStep, type Frame, type Position } from "@/core/geo";
import { IncidentMarks } from "./incident-marks";
import { color, escape, placed, type Placed } from "./map-marks";
import { homes, openIncidents, selected, selectHome } from "./model";
import { t } from "./words";

const HOME_RADIUS = 5;
const GRID = "grid";
const LABEL_PX = 90; // a longitude with three decimals
const FURTHEST = 6;
const CLOSEST = 18;
const START: L.LatLngTuple = [27.55, 110.0]; // until there is a home: Huaihua
const START_ZOOM = 9;

/** What a page draws beside homes and incidents. */
export interface More {
  /** Draw it; answers how to take it down. */
  draw(map: L.Map): () => void;
  /** What the first frame shall hold beside homes. */
  places(): readonly Position[];
}

const NOTHING: More = { draw: () => () => undefined, places: () => [] };

/** Draw into `element` and keep it current; answers how to take it down. */
export function drawMap(element: HTMLElement, more = NOTHING): () => void {
  const map = createMap(element);
  const grid = L.layerGroup().addTo(map);
  const dots = new Dots(map);
  const marks = new IncidentMarks(map);
  let touched = false; // from then on the frame is the operator's
  let gone = false;
  const [afterPaint, afterRows] = [once(), once()];

  const fit = () => {
    const frame = frameOf([...[...homes.peek().values()].flatMap(placed), ...untracked(more.places)]);
    if (touched || frame === null || map.getSize().x === 0) return;
    map.fitBounds(bounds(frame), { padding: [48, 48], maxZoom: 15, animate: false });
  };
  const mark = () => {
    if (!gone && map.getSize().x > 0) marks.show(openIncidents.peek(), selected.peek()); // else when it comes into sight
  };
  let below = more.draw(map);
  const repaint = () => {
    below();
    below = more.draw(map);
    drawGrid(map, grid);
    dots.clear();
    dots.show(homes.peek());
    marks.clear();
    mark();
  };
  const stops = [
    effect(() => {
      void homes.value;
      afterPaint(() => {
        if (gone || !dots.show(homes.peek())) return;
        marks.raise();
        fit();
      });
    }),
    effect(() => {
      void [openIncidents.value, selected.value];
      afterRows(mark);
    }),
    effect(() => {
      if (more.places().length > 0) fit();
    }),
  ];
  const watcher = new ResizeObserver(() => {
    map.invalidateSize({ animate: false });
    fit();
    mark();
  });
  watcher.observe(element);
  for (const kind of ["pointerdown", "wheel", "keydown"]) {
    element.addEventListener(kind, () => (touched = true), { passive: true, capture: true });
  }
  map.on("moveend resize", () => drawGrid(map, grid));
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", repaint);
  drawGrid(map, grid);
  return () => {
    gone = true;
    for (const stop of stops) stop();
    below();
    scheme.removeEventListener("change", repaint);
    watcher.disconnect();
    map.remove();
  };
}

/** What runs its last argument once, after the next frame was painted: 3,000 dots must not hold up the queue's rows. */
function once(): (what: () => void) => void {
  let next: (() => void) | null = null;
  return (what) => {
    const waits = next !== null;
    next = what;
    if (waits) return;
    requestAnimationFrame(() => setTimeout(() => {
      const due = next;
      next = null;
      due?.();
    }));
  };
}

function createMap(element: HTMLElement): L.Map {
  const map = L.map(element, {
    renderer: L.canvas({ padding: 0.3, tolerance: 10 }),
    minZoom: FURTHEST,
    maxZoom: CLOSEST,
    zoomSnap: 0.5,
    attributionControl: false,
    zoomControl: false,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  }).setView(START, START_ZOOM);
  const below = map.createPane(GRID);
  below.style.zIndex = "350"; // under the canvas of homes and incidents
  below.style.pointerEvents = "none";
  L.control.zoom({ position: "topright", zoomInTitle: t("map.zoom_in"), zoomOutTitle: t("map.zoom_out") }).addTo(map);
  L.control.scale({ position: "bottomleft", imperial: false }).addTo(map);
  return map;
}

function bounds(frame: Frame): L.LatLngBoundsExpression {
  return [[frame.south, frame.west], [frame.north, frame.east]];
}

/** The dots of homes, each beside the record it was drawn from. */
class Dots {
  readonly #drawn = new Map<number, { home: HomeView; dot: L.CircleMarker | null }>();

  constructor(private readonly map: L.Map) {}

  /** Bring the dots in line with `current`, touching only what changed; answers whether one was added. */
  show(current: ReadonlyMap<number, HomeView>): boolean {
    for (const [id, { dot }] of this.#drawn) {
      if (current.has(id)) continue;
      dot?.remove();
      this.#drawn.delete(id);
    }
    const changed = [...current.values()].filter((home) => this.#drawn.get(home.id)?.home !== home);
    if (changed.length === 0) return false;
    const colors = { edge: color("--edge"), online: color("--panel") };
    let added = false;
    for (const home of changed) added = this.#draw(home, colors) || added;
    return added;
  }

  clear(): void {
    for (const { dot } of this.#drawn.values()) dot?.remove();
    this.#drawn.clear();
  }

  #draw(home: HomeView, colors: { edge: string; online: string }): boolean {
    const held = this.#drawn.get(home.id);
    const stays = held?.home.latitude === home.latitude && held.home.longitude === home.longitude;
    const fillColor = home.online ? colors.online : colors.edge;
    if (stays && held.dot !== null) {
      if (held.dot.options.fillColor !== fillColor) held.dot.setStyle({ fillColor });
      this.#drawn.set(home.id, { home, dot: held.dot });
      return false;
    }
    held?.dot?.remove();
    const [at] = placed(home);
    const dot = at === undefined ? null : this.#dot(at, { color: colors.edge, fillColor });
    this.#drawn.set(home.id, { home, dot });
    return dot !== null;
  }

  #dot(home: Placed<HomeView>, style: L.PathOptions): L.CircleMarker {
    const current = () => this.#drawn.get(home.id)?.home ?? home;
    return L.circleMarker([home.latitude, home.longitude], { radius: HOME_RADIUS, weight: 1.5, fillOpacity: 1, ...style })
      .bindTooltip(() => escape(`${current().resident} · ${current().address}`))
      .on("click", () => selectHome(current()))
      .addTo(this.map);
  }
}

function drawGrid(map: L.Map, layer: L.LayerGroup): void {
  layer.clearLayers();
  const view = map.getBounds();
  const [south, north, west, east] = [view.getSouth(), view.getNorth(), view.getWest(), view.getEast()];
  const step = gridStep(Math.min(north - south, east - west));
  const style = { pane: GRID, renderer: L.svg({ pane: GRID }), weight: 1, color: color("--line"), interactive: false };
  const label = (at: L.LatLngTuple, text: string, side: string) =>
    L.marker(at, { pane: GRID, interactive: false, keyboard: false, icon: L.divIcon({ className: `grid-label ${side}`, html: text, iconSize: [0, 0] }) }).addTo(layer);
  for (const latitude of gridLines(south, north, step)) {
    L.polyline([[latitude, west], [latitude, east]], style).addTo(layer);
    label([latitude, west], formatDegrees(latitude, "N", "S", step), "left");
  }
  const every = Math.ceil(LABEL_PX / ((map.getSize().x * step) / (east - west))); // else they run into each other
  for (const longitude of gridLines(west, east, step)) {
    L.polyline([[south, longitude], [north, longitude]], style).addTo(layer);
    if (Math.round(longitude / step) % every !== 0) continue;
    label([south, longitude], formatDegrees(longitude, "E", "W", step), "bottom");
  }
}
