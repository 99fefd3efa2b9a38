/**
 * The map without tiles: grid and scale bar, every home a dot, every open incident its priority's shape.
 *
 * Leaflet's canvas, because it repaints one mark at a time. Positions are WGS-84. It needs nothing from outside.
 */
import { effect } from "@preact/signals";
import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import type { HomeView, IncidentView } from "@/core/api";
import { formatDegrees, frameOf, gridLines, gridStep, type Frame } from "@/core/geo";
import { rank, SHAPES } from "@/ui/icons";
import { board, openIncidents, select, selected, selectHome } from "./model";
import { t, term } from "./words";

const HOME_RADIUS = 5;
const MARK_RADIUS = 11;
const CHOSEN_RADIUS = 15;
const GRID = "grid";
const FURTHEST = 6;
const CLOSEST = 18;
const START: L.LatLngTuple = [27.55, 110.0]; // until there is a home: Huaihua
const START_ZOOM = 9;

const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A mark drawn as its priority's outline. Canvas hit-testing stays that of the circle around it. */
const ShapeMark = L.CircleMarker.extend({
  _updatePath(this: ShapeMarkInstance) {
    const renderer = this._renderer;
    const context = renderer._ctx;
    if (!renderer._drawing || this._empty()) return;
    context.beginPath();
    SHAPES[rank(this.options.priority)].forEach(([x, y], i) => {
      const at = [this._point.x + x * this._radius, this._point.y + y * this._radius] as const;
      if (i === 0) context.moveTo(...at);
      else context.lineTo(...at);
    });
    context.closePath();
    renderer._fillStroke(context, this);
  },
}) as unknown as new (at: L.LatLngTuple, options: L.CircleMarkerOptions & { priority: number }) => L.CircleMarker;

interface ShapeMarkInstance {
  readonly options: { priority: number };
  readonly _point: L.Point;
  readonly _radius: number;
  readonly _renderer: {
    readonly _ctx: CanvasRenderingContext2D;
    readonly _drawing: boolean;
    _fillStroke(context: CanvasRenderingContext2D, layer: unknown): void;
  };
  _empty(): boolean;
}

/** Draw into `element` and keep it current; answers how to take it down. */
export function drawMap(element: HTMLElement): () => void {
  const map = createMap(element);
  const grid = L.layerGroup().addTo(map);
  const homes = new Map<number, L.CircleMarker>();
  const marks = L.layerGroup().addTo(map);
  let touched = false; // from then on the frame is the operator's

  const fit = () => {
    const frame = frameOf([...board.peek().homes.values()].flatMap(placed));
    if (touched || frame === null || map.getSize().x === 0) return;
    map.fitBounds(bounds(frame), { padding: [48, 48], maxZoom: 15, animate: false });
  };
  const repaint = () => {
    drawGrid(map, grid);
    drawHomes(map, homes, [...board.peek().homes.values()]);
    drawMarks(marks, openIncidents.peek(), selected.peek());
  };
  const stops = [
    effect(() => {
      const added = drawHomes(map, homes, [...board.value.homes.values()]);
      if (!added) return;
      drawMarks(marks, openIncidents.peek(), selected.peek());
      fit();
    }),
    effect(() => drawMarks(marks, openIncidents.value, selected.value)),
  ];
  const watcher = new ResizeObserver(() => {
    map.invalidateSize({ animate: false });
    fit();
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
    for (const stop of stops) stop();
    scheme.removeEventListener("change", repaint);
    watcher.disconnect();
    map.remove();
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

function placed<T extends { latitude: number | null; longitude: number | null }>(
  thing: T,
): (T & { latitude: number; longitude: number })[] {
  const { latitude, longitude } = thing;
  return latitude === null || longitude === null ? [] : [{ ...thing, latitude, longitude }];
}

function bounds(frame: Frame): L.LatLngBoundsExpression {
  return [[frame.south, frame.west], [frame.north, frame.east]];
}

/** Bring the dots in line with `current`, touching only what changed; answers whether one was added. */
function drawHomes(map: L.Map, drawn: Map<number, L.CircleMarker>, current: readonly HomeView[]): boolean {
  const wanted = new Map(current.flatMap(placed).map((home) => [home.id, home]));
  for (const [id, dot] of drawn) {
    if (!wanted.has(id)) {
      dot.remove();
      drawn.delete(id);
    }
  }
  let added = false;
  for (const [id, home] of wanted) {
    const style = { color: color("--edge"), fillColor: color(home.online ? "--panel" : "--edge") };
    const dot = drawn.get(id);
    if (dot === undefined) {
      added = true;
      drawn.set(id, newDot(home, style).addTo(map));
    } else if (dot.options.fillColor !== style.fillColor) dot.setStyle(style);
  }
  return added;
}

function newDot(home: HomeView & { latitude: number; longitude: number }, style: L.PathOptions): L.CircleMarker {
  return L.circleMarker([home.latitude, home.longitude], { radius: HOME_RADIUS, weight: 1.5, fillOpacity: 1, ...style })
    .bindTooltip(() => escape(`${home.resident} · ${home.address}`))
    .on("click", () => selectHome(home));
}

/** The gravest last, so that it lies on top. */
function drawMarks(layer: L.LayerGroup, incidents: readonly IncidentView[], chosen: number | null): void {
  layer.clearLayers();
  const sorted = [...incidents].sort((a, b) => b.priority - a.priority || b.id - a.id);
  for (const incident of sorted.flatMap(placed)) {
    const p = rank(incident.priority);
    new ShapeMark([incident.latitude, incident.longitude], {
      priority: incident.priority,
      radius: incident.id === chosen ? CHOSEN_RADIUS : MARK_RADIUS,
      weight: incident.id === chosen ? 4 : 2,
      color: color(incident.id === chosen ? "--ink" : p === 2 ? "--p2-edge" : "--panel"),
      fillColor: color(`--p${p}`),
      fillOpacity: 1,
    })
      .bindTooltip(() => escape(`${term("kind", incident.kind)} · ${incident.resident}`))
      .on("click", () => select(incident.id))
      .addTo(layer);
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
  for (const longitude of gridLines(west, east, step)) {
    L.polyline([[south, longitude], [north, longitude]], style).addTo(layer);
    label([south, longitude], formatDegrees(longitude, "E", "W", step), "bottom");
  }
}

/** Names and addresses come from outside; a tooltip is HTML. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
