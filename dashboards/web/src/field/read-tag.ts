/**
 * The code of a tag at a door, read by the telephone's own reader or by its camera.
 *
 * What this is: two ways to read. The decoder of QR codes is a library, for the browser's own needs services that telephones
 * here do not have. What it is not: a judgement whose tag it is; only the server knows. The one idea: a tag that is none
 * of ours is told, and the next one is waited for.
 */
import { codeOf } from "./day";

const LOOK_MS = 250;
const WIDE_PX = 800;

// Not in TypeScript's own description of browsers yet.
interface NfcReader {
  scan(options: { signal: AbortSignal }): Promise<void>;
  /** A tag that this telephone cannot read. */
  onreadingerror: (() => void) | null;
  onreading: ((event: { message: { records: readonly { data?: DataView; recordType: string }[] } }) => void) | null;
}
const browser = globalThis as { NDEFReader?: new () => NfcReader };

/** The code of the first tag held to the telephone, `other` for each that has none; `null`: refused, not there, or ended by `signal`. */
export async function readNfc(signal: AbortSignal, other: () => void): Promise<string | null> {
  if (browser.NDEFReader === undefined) return null;
  const reader = new browser.NDEFReader();
  const read = new Promise<string | null>((resolve) => {
    signal.addEventListener("abort", () => resolve(null));
    reader.onreading = ({ message }) => {
      const texts = message.records.map((one) => (one.data === undefined ? "" : new TextDecoder().decode(one.data)));
      const code = texts.map(codeOf).find((one) => one !== null);
      if (code === undefined) other();
      else resolve(code);
    };
    reader.onreadingerror = other;
  });
  const began = await reader.scan({ signal }).then(() => true, () => false);
  return began ? read : null;
}

/** The code of the first QR that the camera sees, shown in `video`; `null`: no camera, refused, or ended by `signal`. */
export async function readQr(video: HTMLVideoElement, signal: AbortSignal): Promise<string | null> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).catch(() => null);
  if (stream === null) return null;
  try {
    const { default: decode } = await import("jsqr");
    video.srcObject = stream;
    await video.play();
    const pen = Object.assign(document.createElement("canvas"), size(video)).getContext("2d", { willReadFrequently: true });
    while (!signal.aborted && pen !== null) {
      const code = codeOf(seen(video, pen, decode) ?? "");
      if (code !== null) return code;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return null;
  } catch {
    return null; // the camera was taken away, or the decoder is not on this device
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
}

type Decode = (data: Uint8ClampedArray, width: number, height: number, how: { inversionAttempts: "dontInvert" }) => { readonly data: string } | null;

function seen(video: HTMLVideoElement, pen: CanvasRenderingContext2D, decode: Decode): string | undefined {
  const { width, height } = pen.canvas;
  pen.drawImage(video, 0, 0, width, height);
  return decode(pen.getImageData(0, 0, width, height).data, width, height, { inversionAttempts: "dontInvert" })?.data;
}

/** Half a megapixel shows a tag that fills a third of the picture, and is looked through in a tenth of a second. */
function size({ videoWidth, videoHeight }: HTMLVideoElement): { width: number; height: number } {
  const by = Math.min(1, WIDE_PX / Math.max(videoWidth, videoHeight, 1));
  return { width: Math.max(1, Math.round(videoWidth * by)), height: Math.max(1, Math.round(videoHeight * by)) };
}
