/**
 * Pictures and recordings, small enough for a village's network.
 *
 * What this is: a picture is drawn anew in at most 1280 px, which leaves behind where and with what it was taken
 * (EXIF); a recording ends by itself. What it is not: an archive: what is attached goes into the outbox and nowhere else.
 */
const LONGEST_PX = 1280;
/** What the server takes, less what base64 and JSON add nothing to: it counts the bytes themselves. */
export const MOST_BYTES = 1024 * 1024;
const QUALITIES = [0.82, 0.65, 0.45] as const;
export const LONGEST_VOICE_MS = 60_000;
/** The kinds that the server knows by their first bytes, the one that most telephones can make first. */
const VOICES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"] as const;

/** The size of a picture whose longer side is at most `LONGEST_PX`. */
export function fitted(width: number, height: number): { readonly width: number; readonly height: number } {
  const by = Math.min(1, LONGEST_PX / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) };
}

/** `picture` drawn anew as JPEG: small, upright, and without what a camera writes into it. `null`: it is no picture. */
export async function shrink(picture: Blob): Promise<Blob | null> {
  const bitmap = await createImageBitmap(picture, { imageOrientation: "from-image" }).catch(() => null);
  if (bitmap === null) return null;
  const size = fitted(bitmap.width, bitmap.height);
  const canvas = Object.assign(document.createElement("canvas"), size);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, size.width, size.height);
  bitmap.close();
  for (const quality of QUALITIES) {
    const drawn = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (drawn !== null && drawn.size <= MOST_BYTES) return drawn;
  }
  return null;
}

/** A recording under way. */
export interface Recording {
  /** End it; what was recorded. */
  stop(): void;
  readonly done: Promise<Blob | null>;
}

/** Whether this device records. */
export const canRecord = () => "mediaDevices" in navigator && typeof MediaRecorder !== "undefined";

/** Begin to record; `null`: the microphone is not there, or was refused. */
export async function record(): Promise<Recording | null> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
  if (stream === null) return null;
  const mimeType = VOICES.find((one) => MediaRecorder.isTypeSupported(one));
  const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 24_000, ...(mimeType === undefined ? {} : { mimeType }) });
  const parts: Blob[] = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const done = new Promise<Blob | null>((resolve) => {
    recorder.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      const whole = new Blob(parts, { type: recorder.mimeType });
      resolve(whole.size > 0 && whole.size <= MOST_BYTES ? whole : null);
    };
  });
  const stop = () => void (recorder.state === "inactive" || recorder.stop());
  recorder.start();
  setTimeout(stop, LONGEST_VOICE_MS);
  return { stop, done };
}

/** The bytes of a file as the API takes them. */
export async function base64(file: Blob): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("file"));
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}
