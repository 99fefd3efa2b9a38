/**
 * A mark on the map's canvas, drawn as an outline. Hit-testing stays that of the circle around it.
 *
 * The one idea: shape says what something is, so that colour never has to.
 */
import * as L from "leaflet";

export type Corners = readonly (readonly [number, number])[];

/** Helpers: a square. Centres: a house. Of a unit square, y down. */
export const SQUARE: Corners = [[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]];
export const HOUSE: Corners = [[0, -1.1], [1, -0.2], [0.75, -0.2], [0.75, 0.9], [-0.75, 0.9], [-0.75, -0.2], [-1, -0.2]];

interface Instance {
  readonly options: { corners: Corners };
  readonly _point: L.Point;
  readonly _radius: number;
  readonly _renderer: {
    readonly _ctx: CanvasRenderingContext2D;
    readonly _drawing: boolean;
    _fillStroke(context: CanvasRenderingContext2D, layer: unknown): void;
  };
  _empty(): boolean;
}

export const ShapeMark = L.CircleMarker.extend({
  _updatePath(this: Instance) {
    const renderer = this._renderer;
    const context = renderer._ctx;
    if (!renderer._drawing || this._empty()) return;
    context.beginPath();
    this.options.corners.forEach(([x, y], i) => {
      const at = [this._point.x + x * this._radius, this._point.y + y * this._radius] as const;
      if (i === 0) context.moveTo(...at);
      else context.lineTo(...at);
    });
    context.closePath();
    renderer._fillStroke(context, this);
  },
}) as unknown as new (at: L.LatLngTuple, options: L.CircleMarkerOptions & { corners: Corners }) => L.CircleMarker;

/** A colour of the page's theme. Asking the page costs, so ask once for many marks. */
export const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export type Placed<T> = T & { latitude: number; longitude: number };

/** `thing`, if it has a place. */
export function placed<T extends { latitude: number | null; longitude: number | null }>(thing: T): Placed<T>[] {
  const { latitude, longitude } = thing;
  return latitude === null || longitude === null ? [] : [{ ...thing, latitude, longitude }];
}

/** Names and addresses come from outside; a tooltip is HTML. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
