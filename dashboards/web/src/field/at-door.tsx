/** Arriving and leaving: by the tag at the door, by the place, or by the word alone. */
import { useState } from "preact/hooks";
import { distanceMetres } from "@/core/geo";
import { notify } from "@/ui/notices";
import { later } from "@/ui/later";
import { Button } from "@/ui/parts";
import type { DayVisit } from "./day";
import { hasCamera, hasNfc, place, type Place } from "./door";
import { tag } from "./model";
import { atTheDoor } from "./say";
import { t } from "./words";

const Reader = later(() => import("./reader").then((part) => part.Reader), "div");
const Typed = later(() => import("./reader").then((part) => part.Typed), "div");

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
    notify(t("door.to_check"));
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
  if (reading === "typed") return <Typed why={why} scan={hasCamera() && why === t("door.no_nfc") ? () => setReading("qr") : null} done={(code) => void byTag(code)} stop={stop} />;
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
