/**
 * The marks of open incidents on the map's canvas, the gravest on top.
 *
 * What it is not: the homes beneath (`map`). The one idea: in a flood every alarm brings one mark, so of 500 only those
 * are drawn anew that look different; the others are at most put on top again, which the canvas does in one pass.
 */
import * as L from "leaflet";
import type { IncidentView } from "@/core/api";
import { rank, SHAPES } from "@/ui/icons";
import { color, escape, placed, ShapeMark, type Placed } from "./map-marks";
import { select } from "./model";
import { term } from "./words";

const MARK_RADIUS = 11;
const CHOSEN_RADIUS = 15;

interface Drawn {
  readonly incident: Placed<IncidentView>;
  readonly chosen: boolean;
  readonly mark: L.CircleMarker;
}

export class IncidentMarks {
  /** From the lowest to the one on top. */
  #drawn: ReadonlyMap<number, Drawn> = new Map();

  constructor(private readonly map: L.Map) {}

  /** Show the marks of `incidents`; that of `chosen` is larger. */
  show(incidents: readonly IncidentView[], chosen: number | null): void {
    const sorted = [...incidents].sort((a, b) => b.priority - a.priority || b.id - a.id).flatMap(placed);
    const before = this.#drawn;
    this.#drawn = new Map(sorted.map((incident) => [incident.id, this.#keep(before.get(incident.id), incident, incident.id === chosen)]));
    for (const [id, { mark }] of before) if (this.#drawn.get(id)?.mark !== mark) mark.remove();
    this.#raiseFrom([...this.#drawn].findIndex(([id, { mark }]) => before.get(id)?.mark !== mark));
  }

  /** Put all on top of what was drawn since. */
  raise(): void {
    this.#raiseFrom(0);
  }

  clear(): void {
    for (const { mark } of this.#drawn.values()) mark.remove();
    this.#drawn = new Map();
  }

  #raiseFrom(first: number): void {
    if (first >= 0) for (const { mark } of [...this.#drawn.values()].slice(first)) mark.bringToFront();
  }

  #keep(held: Drawn | undefined, incident: Placed<IncidentView>, chosen: boolean): Drawn {
    if (held !== undefined && held.chosen === chosen && looksAlike(held.incident, incident)) return { ...held, incident };
    return { incident, chosen, mark: this.#draw(incident, chosen) };
  }

  #draw(incident: Placed<IncidentView>, chosen: boolean): L.CircleMarker {
    const p = rank(incident.priority);
    return new ShapeMark([incident.latitude, incident.longitude], {
      corners: SHAPES[p],
      radius: chosen ? CHOSEN_RADIUS : MARK_RADIUS,
      weight: chosen ? 4 : 2,
      color: color(chosen ? "--ink" : p === 2 ? "--p2-edge" : "--panel"),
      fillColor: color(`--p${p}`),
      fillOpacity: 1,
    })
      .bindTooltip(() => this.#label(incident.id))
      .on("click", () => select(incident.id))
      .addTo(this.map);
  }

  #label(id: number): string {
    const incident = this.#drawn.get(id)?.incident;
    return incident === undefined ? "" : escape(`${term("kind", incident.kind)} · ${incident.resident}`);
  }
}

function looksAlike(a: Placed<IncidentView>, b: Placed<IncidentView>): boolean {
  return rank(a.priority) === rank(b.priority) && a.latitude === b.latitude && a.longitude === b.longitude;
}
