/**
 * What `/console/map` draws beside homes and incidents: base maps and outlines below, circles, names, helpers.
 *
 * What this is: signals of `county` turned into layers. The one idea: a base map in GCJ-02 is moved as a whole by
 * the shift at the middle of the view. It changes so slowly that the corners of a large screen are four pixels off.
 */
import { effect } from "@preact/signals";
import * as L from "leaflet";
import type { HelperView, TilesView } from "@/core/api";
import { toGcj02 } from "@/core/datum";
import { hull } from "@/core/reach";
import { aim, bases, county, edition, outlines, placedHomes, sheets, tilesOff, toggle, unreached } from "./county";
import type { More } from "./map";
import { color, escape, HOUSE, ShapeMark, SQUARE } from "./map-marks";
import { t, term } from "./words";

const BELOW = "below";
const NAMES = "names";
const HELPER_RADIUS = 8;
const CENTRE_RADIUS = 11;
const OUTSIDE_RADIUS = 9;
const AIM_ZOOM = 14;
const TOWNSHIP = /000$/; // of a code of 12 digits: villages end otherwise
const VILLAGES_FROM_ZOOM = 12.5;
const TOWNSHIPS_FROM_ZOOM = 9;

export const countyLayers: More = { draw, places: () => county.value?.centres ?? [] };

function draw(map: L.Map): () => void {
  pane(map, BELOW, "210");
  pane(map, NAMES, "360");
  const layers = { tiles: group(map), areas: group(map), circles: group(map), outside: group(map), names: group(map), people: group(map) };
  const names = () => drawNames(map, layers.names);
  map.on("zoomend", names);
  const stops = [
    effect(() => drawTiles(layers.tiles)),
    effect(() => drawAreas(layers.areas)),
    effect(() => drawCircles(layers.circles)),
    effect(() => drawOutside(layers.outside)),
    effect(names),
    effect(() => drawPeople(layers.people)),
    effect(() => {
      if (aim.value === null) return;
      map.setView([aim.value.latitude, aim.value.longitude], Math.max(map.getZoom(), AIM_ZOOM), { animate: false });
      aim.value = null;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    map.off("zoomend", names);
    for (const layer of Object.values(layers)) layer.remove();
  };
}

function pane(map: L.Map, name: string, zIndex: string): void {
  const made = map.getPane(name) ?? map.createPane(name);
  made.style.zIndex = zIndex;
  made.style.pointerEvents = "none";
}

const group = (map: L.Map) => L.layerGroup().addTo(map);

// Base maps --------------------------------------------------------------------------------------------------------

/** The parts of Leaflet's grid by which its pictures are placed. */
interface Placing {
  _setZoomTransform(level: unknown, center: L.LatLng, zoom: number): void;
  _getTiledPixelBounds(center: L.LatLng): L.Bounds;
}

const inner = L.GridLayer.prototype as unknown as Placing;
const shifted = (at: L.LatLng) => {
  const { latitude, longitude } = toGcj02({ latitude: at.lat, longitude: at.lng });
  return L.latLng(latitude, longitude);
};

const ShiftedTiles = L.TileLayer.extend({
  _setZoomTransform(this: Placing, level: unknown, center: L.LatLng, zoom: number) {
    inner._setZoomTransform.call(this, level, shifted(center), zoom);
  },
  _getTiledPixelBounds(this: Placing, center: L.LatLng) {
    return inner._getTiledPixelBounds.call(this, shifted(center));
  },
}) as unknown as new (url: string, options: L.TileLayerOptions) => L.TileLayer;

let shownTiles = "";

function drawTiles(group: L.LayerGroup): void {
  const wanted = sheets.value.has("tiles") ? (county.value?.tiles ?? []) : [];
  const key = JSON.stringify(wanted);
  if (key === shownTiles && group.getLayers().length === wanted.length) return; // a read every few seconds changes nothing
  shownTiles = key;
  group.clearLayers();
  for (const one of wanted) baseMap(one).addTo(group);
}

function baseMap({ id, datum, min_zoom, max_zoom }: TilesView): L.TileLayer {
  const Kind = datum === "gcj02" ? ShiftedTiles : L.TileLayer;
  const layer = new Kind(`/api/v1/tiles/${id}/{z}/{x}/{y}`, { minZoom: min_zoom, maxNativeZoom: max_zoom, className: "base-map" });
  layer.on("tileerror", () => { if (!tilesOff.peek().has(id)) toggle(tilesOff, id); });
  layer.on("tileload", () => { if (tilesOff.peek().has(id)) toggle(tilesOff, id); });
  return layer;
}

// Areas, circles, names --------------------------------------------------------------------------------------------

function drawAreas(group: L.LayerGroup): void {
  group.clearLayers();
  if (!sheets.value.has("outlines")) return;
  const style = { pane: BELOW, renderer: L.svg({ pane: BELOW }), interactive: false, color: color("--edge"), weight: 1.5, fill: false };
  const brought = (county.value?.layers ?? []).flatMap((layer) => outlines.value.get(edition(layer)) ?? []);
  for (const outline of brought) {
    for (const line of outline.lines) L.polyline(line as L.LatLngTuple[], style).addTo(group);
  }
  if (brought.length > 0) return;
  const around = hull(placedHomes.value).map((home): L.LatLngTuple => [home.latitude, home.longitude]);
  L.polygon(around, { ...style, dashArray: "2 6" }).addTo(group);
}

function drawCircles(group: L.LayerGroup): void {
  group.clearLayers();
  const style = { interactive: false, color: color("--act"), weight: 1.5, dashArray: "6 5", fillColor: color("--act"), fillOpacity: 0.05 };
  for (const base of bases.value) L.circle([base.latitude, base.longitude], { ...style, radius: base.reach_m }).addTo(group);
}

function drawOutside(group: L.LayerGroup): void {
  group.clearLayers();
  const style = { interactive: false, radius: OUTSIDE_RADIUS, color: color("--warn"), weight: 2.5, dashArray: "3 3", fill: false };
  for (const home of unreached.value ?? []) L.circleMarker([home.latitude, home.longitude], style).addTo(group);
}

function drawNames(map: L.Map, group: L.LayerGroup): void {
  group.clearLayers();
  const zoom = map.getZoom();
  if (zoom < TOWNSHIPS_FROM_ZOOM) return;
  const villages = zoom >= VILLAGES_FROM_ZOOM;
  for (const place of county.value?.places ?? []) {
    if (TOWNSHIP.test(place.code) === villages) continue;
    const icon = L.divIcon({ className: "place-name", html: `<span>${escape(place.name)}</span>`, iconSize: [0, 0] });
    L.marker([place.latitude, place.longitude], { pane: NAMES, interactive: false, keyboard: false, icon }).addTo(group);
  }
}

// Helpers and centres ----------------------------------------------------------------------------------------------

function drawPeople(group: L.LayerGroup): void {
  group.clearLayers();
  const [ink, panel] = [color("--ink"), color("--panel")];
  for (const centre of county.value?.centres ?? []) {
    mark(centre, HOUSE, CENTRE_RADIUS, { color: panel, fillColor: ink }).bindTooltip(() => escape(centre.name)).addTo(group);
  }
  for (const helper of county.value?.helpers ?? []) {
    mark(helper, SQUARE, HELPER_RADIUS, { color: ink, fillColor: helper.free ? ink : panel })
      .bindTooltip(() => escape(said(helper)))
      .addTo(group);
  }
}

function mark(at: { latitude: number; longitude: number }, corners: typeof SQUARE, radius: number, style: L.PathOptions) {
  return new ShapeMark([at.latitude, at.longitude], { corners, radius, weight: 2, fillOpacity: 1, ...style });
}

const said = (helper: HelperView) =>
  `${helper.name} · ${term("helper", helper.kind)} · ${t(helper.free ? "map.free" : "map.busy")}`;
