/** Reading the tag at a door: held to the telephone, seen by its camera, or typed. Fetched after the page is shown. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "@/ui/parts";
import { codeOf } from "./day";
import { readNfc, readQr } from "./read-tag";
import { t } from "./words";

interface ReaderProps {
  readonly way: "nfc" | "qr";
  readonly done: (code: string) => void;
  readonly refused: () => void;
  readonly stop: () => void;
}

export function Reader({ way, done, refused, stop }: ReaderProps) {
  const [other, setOther] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    video.current?.scrollIntoView({ block: "center" });
    const ended = new AbortController();
    const read = way === "qr" && video.current !== null ? readQr(video.current, ended.signal) : readNfc(ended.signal, () => setOther(true));
    void read.then((code) => !ended.signal.aborted && (code === null ? refused() : done(code)));
    return () => ended.abort();
  }, []);
  return (
    <div class="reader">
      <p role="status">{t(way === "qr" ? "door.aim" : "door.hold")}</p>
      <p class="worry" role="alert">{other && t("door.not_ours")}</p>
      {way === "qr" && <video ref={video} muted playsInline />}
      <Button onClick={stop}>{t("action.cancel")}</Button>
    </div>
  );
}

interface TypedProps extends Pick<ReaderProps, "done" | "stop"> {
  /** Why nothing could be read; empty: nothing was tried. */
  readonly why: string;
  /** The camera is there, and was not tried. */
  readonly scan: (() => void) | null;
}

/** The code as it is printed below the square. */
export function Typed({ why, scan, done, stop }: TypedProps) {
  const [bad, setBad] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const code = codeOf(String(new FormData(event.currentTarget as HTMLFormElement).get("code")).replace(/\s/g, ""));
    if (code === null) setBad(true);
    else done(code);
  };
  return (
    <form class="reader find" onSubmit={send}>
      {why !== "" && <p class="hint" role="status">{why}</p>}
      {scan !== null && <Button icon="screen" onClick={scan}>{t("door.qr")}</Button>}
      <label class="ask"><span>{t("door.code")}</span>
        <input ref={input} name="code" autocomplete="off" autocapitalize="none" spellcheck={false} aria-invalid={bad} aria-describedby="bad-code" required />
      </label>
      <p id="bad-code" class="worry" role="alert">{bad && t("door.bad_code")}</p>
      <div class="row"><Button onClick={stop}>{t("action.cancel")}</Button><Button kind="primary" type="submit">{t("door.use")}</Button></div>
    </form>
  );
}
