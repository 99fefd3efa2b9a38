/**
 * What shows that somebody is at a door: a tag that was read, or the place of the telephone.
 *
 * What this is: the three ways a browser has to find that out. What it is not: a judgement: the server judges, and says
 * which of them it rests on. The one idea: each way may be missing or refused, and the visit goes on without it.
 */
import { codeOf } from "./day";

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
  readonly accuracy_m: number;
}

const WAIT_MS = 15_000;
/** A place that is older was measured somewhere else. */
const FRESH_MS = 10_000;
const LOOK_MS = 250;

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

// Not in TypeScript's own description of browsers yet.
interface NfcReader {
  scan(options: { signal: AbortSignal }): Promise<void>;
  onreading: ((event: { message: { records: readonly { data?: DataView; recordType: string }[] } }) => void) | null;
}
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
interface Reading {
  NDEFReader?: new () => NfcReader;
  BarcodeDetector?: new (options: { formats: string[] }) => Detector;
}
const browser = globalThis as Reading;

export const hasNfc = () => browser.NDEFReader !== undefined;
export const hasCodeReader = () => browser.BarcodeDetector !== undefined && "mediaDevices" in navigator;

/** The code of the first tag held to the telephone; `null`: refused, or ended by `signal`. */
export async function readNfc(signal: AbortSignal): Promise<string | null> {
  if (browser.NDEFReader === undefined) return null;
  const reader = new browser.NDEFReader();
  const read = new Promise<string | null>((resolve) => {
    signal.addEventListener("abort", () => resolve(null));
    reader.onreading = ({ message }) => {
      const texts = message.records.map((one) => (one.data === undefined ? "" : new TextDecoder().decode(one.data)));
      const code = texts.map(codeOf).find((one) => one !== null);
      if (code !== undefined) resolve(code ?? null);
    };
  });
  const began = await reader.scan({ signal }).then(() => true, () => false);
  return began ? read : null;
}

/** The code of the first QR that the camera sees, shown in `video`; `null`: no camera, or ended by `signal`. */
export async function readQr(video: HTMLVideoElement, signal: AbortSignal): Promise<string | null> {
  if (browser.BarcodeDetector === undefined) return null;
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).catch(() => null);
  if (stream === null) return null;
  const detector = new browser.BarcodeDetector({ formats: ["qr_code"] });
  video.srcObject = stream;
  await video.play().catch(() => undefined);
  try {
    while (!signal.aborted) {
      const seen = await detector.detect(video).catch(() => []);
      const code = seen.map((one) => codeOf(one.rawValue)).find((one) => one !== null);
      if (code !== undefined && code !== null) return code;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return null;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
}
