/** Arriving and leaving: by the tag at the door, by the place, or by the word alone. */
import { useEffect, useRef, useState } from "preact/hooks";
import { distanceMetres } from "@/core/geo";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import { codeOf, type DayVisit } from "./day";
import { hasCamera, hasNfc, place, readNfc, readQr, type Place } from "./door";
import { tag } from "./model";
import { atTheDoor } from "./say";
import { t } from "./words";

/** A home's fence, as the server has it. */
const NEAR_M = 100;
type Reading = "none" | "place" | "nfc" | "qr" | "typed";

/** `next`: whether this is what comes next. */
export function Door({ what, at, next }: { what: "arrive" | "depart"; at: DayVisit; next: boolean }) {
  const [reading, setReading] = useState<Reading>("none");
  const [why, setWhy] = useState("");
  const byPlace = async () => {
    setReading("place");
    const here = await place();
    tell(here, at);
    await atTheDoor(what, at, here, null);
  };
  const byTag = async (code: string) => {
    setReading("none");
    await atTheDoor(what, at, null, code);
    notify(t("door.by_tag"));
  };
  /** No reader, or not allowed: say so, and let it be typed. */
  const refused = () => {
    setWhy(t(reading === "qr" ? "door.no_camera" : "door.no_nfc"));
    setReading("typed");
  };
  const type = () => {
    setWhy("");
    setReading("typed");
  };
  const opened = tag.value;
  const useOpened = () => {
    tag.value = null;
    if (opened !== null) void byTag(opened);
  };
  if (reading === "place") return <p role="status">{t("door.measuring")}</p>;
  const stop = () => setReading("none");
  if (reading === "nfc" || reading === "qr") return <Reader way={reading} done={(code) => void byTag(code)} refused={refused} stop={stop} />;
  if (reading === "typed") return <Typed why={why} done={(code) => void byTag(code)} stop={stop} />;
  return (
    <div class="door">
      {opened !== null && <Button kind="primary" icon="key" onClick={useOpened}>{t("door.by_tag")}</Button>}
      <Button kind={opened === null && next ? "primary" : "plain"} icon="map" onClick={() => void byPlace()}>{t("door.place")}</Button>
      {hasNfc() && <Button icon="telephone" onClick={() => setReading("nfc")}>{t("door.nfc")}</Button>}
      {hasCamera() && <Button icon="screen" onClick={() => setReading("qr")}>{t("door.qr")}</Button>}
      <Button icon="note" onClick={type}>{t("door.type")}</Button>
      <Button kind="quiet" onClick={() => void atTheDoor(what, at, null, null)}>{t("door.only_time")}</Button>
      <small class="quiet">{t("door.about")}</small>
    </div>
  );
}

/** Say how near the device is; the server says what that is worth. */
function tell(here: Place | null, at: DayVisit): void {
  if (here === null) return notify(t("door.no_place"), true);
  if (at.latitude === null || at.longitude === null) return;
  const m = Math.round(distanceMetres(here, { latitude: at.latitude, longitude: at.longitude }));
  notify(t(m <= NEAR_M ? "door.near" : "door.far", { m }), m > NEAR_M);
}

interface ReaderProps {
  readonly way: "nfc" | "qr";
  readonly done: (code: string) => void;
  readonly refused: () => void;
  readonly stop: () => void;
}

function Reader({ way, done, refused, stop }: ReaderProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    video.current?.scrollIntoView({ block: "center" });
    const ended = new AbortController();
    const read = way === "qr" && video.current !== null ? readQr(video.current, ended.signal) : readNfc(ended.signal);
    void read.then((code) => !ended.signal.aborted && (code === null ? refused() : done(code)));
    return () => ended.abort();
  }, []);
  return (
    <div class="reader">
      <p role="status">{t(way === "qr" ? "door.aim" : "door.hold")}</p>
      {way === "qr" && <video ref={video} muted playsInline />}
      <Button onClick={stop}>{t("action.cancel")}</Button>
    </div>
  );
}

/** The code as it is printed below the square. */
function Typed({ why, done, stop }: Pick<ReaderProps, "done" | "stop"> & { why: string }) {
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
      <label class="ask"><span>{t("door.code")}</span>
        <input ref={input} name="code" autocomplete="off" autocapitalize="none" spellcheck={false} aria-invalid={bad} aria-describedby="bad-code" required />
      </label>
      <p id="bad-code" class="worry" role="alert">{bad && t("door.bad_code")}</p>
      <div class="row"><Button onClick={stop}>{t("action.cancel")}</Button><Button kind="primary" type="submit">{t("door.use")}</Button></div>
    </form>
  );
}
