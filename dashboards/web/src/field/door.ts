/**
 * What shows that somebody is at a door: the place of the telephone, or a tag (`read-tag`).
 *
 * What this is: the ways a browser has to find that out. What it is not: a judgement: the server judges, and says
 * which of them it rests on. The one idea: each way may be missing or refused, and the visit goes on without it.
 */

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
  readonly accuracy_m: number;
}

const WAIT_MS = 15_000;
/** A place that is older was measured somewhere else. */
const FRESH_MS = 10_000;

/** Where this telephone is; `null`: it does not know, or may not say. */
export function place(waitMs = WAIT_MS): Promise<Place | null> {
  if (!("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy_m: Math.min(100_000, Math.round(coords.accuracy)) }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: waitMs, maximumAge: FRESH_MS },
    );
  });
}

export const hasNfc = () => "NDEFReader" in globalThis;
export const hasCamera = () => "mediaDevices" in navigator;
