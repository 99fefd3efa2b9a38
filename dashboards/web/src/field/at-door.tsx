/** Arriving and leaving: by the tag at the door, by the place, or by the word alone. */
import { useEffect, useRef, useState } from "preact/hooks";
import { distanceMetres } from "@/core/geo";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import type { DayVisit } from "./day";
import { hasCodeReader, hasNfc, place, readNfc, readQr, type Place } from "./door";
import { tag } from "./model";
import { atTheDoor } from "./say";
import { t } from "./words";

/** A home's fence, as the server has it. */
const NEAR_M = 100;
type Reading = "none" | "place" | "nfc" | "qr";

/** `next`: whether this is what comes next. */
export function Door({ what, at, next }: { what: "arrive" | "depart"; at: DayVisit; next: boolean }) {
  const [reading, setReading] = useState<Reading>("none");
  const byPlace = async () => {
    setReading("place");
    const here = await place();
    tell(here, at);
    await atTheDoor(what, at, here, null);
  };
  const byTag = async (code: string | null) => {
    setReading("none");
    if (code === null) return notify(t("door.no_tag"), true);
    await atTheDoor(what, at, null, code);
    notify(t("door.by_tag"));
  };
  const opened = tag.value;
  const useOpened = () => {
    tag.value = null;
    void byTag(opened);
  };
  if (reading === "place") return <p role="status">{t("door.measuring")}</p>;
  if (reading === "nfc" || reading === "qr") return <Reader way={reading} done={(code) => void byTag(code)} />;
  return (
    <div class="door">
      {opened !== null && <Button kind="primary" icon="key" onClick={useOpened}>{t("door.by_tag")}</Button>}
      <Button kind={opened === null && next ? "primary" : "plain"} icon="map" onClick={() => void byPlace()}>{t("door.place")}</Button>
      {hasNfc() && <Button icon="telephone" onClick={() => setReading("nfc")}>{t("door.nfc")}</Button>}
      {hasCodeReader() && <Button icon="screen" onClick={() => setReading("qr")}>{t("door.qr")}</Button>}
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

function Reader({ way, done }: { way: "nfc" | "qr"; done: (code: string | null) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const stop = new AbortController();
    const read = way === "qr" && video.current !== null ? readQr(video.current, stop.signal) : readNfc(stop.signal);
    void read.then((code) => !stop.signal.aborted && done(code));
    return () => stop.abort();
  }, []);
  return (
    <div class="reader">
      <p role="status">{t(way === "qr" ? "door.aim" : "door.hold")}</p>
      {way === "qr" && <video ref={video} muted playsInline />}
      <Button onClick={() => done(null)}>{t("action.cancel")}</Button>
    </div>
  );
}
