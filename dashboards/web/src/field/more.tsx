/** What goes with a visit: a note, photos of the home, a voice note, a signature. */
import { useEffect, useState } from "preact/hooks";
import { notify } from "@/ui/notices";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { canRecord, LONGEST_VOICE_MS, record, shrink, type Recording } from "./attach";
import type { DayVisit } from "./day";
import { drafts, forms, own } from "./model";
import { file, note } from "./say";
import { keepDraft } from "./form";
import { Signature } from "./signature";
import { t } from "./words";
import { clock, whyOf } from "./words-of";

const SECOND_MS = 1_000;

export function More({ at }: { at: DayVisit }) {
  const form = forms.value?.forms.find((one) => one.kind === at.visit.kind);
  const photos = form?.photos ?? 0;
  const signed = form?.proof.includes("signature") ?? false;
  return (
    <div class="more">
      <Kept at={at} />
      {photos > 0 ? <Photo at={at} most={photos} /> : <small class="quiet">{t("photo.none")}</small>}
      <Voice at={at} signs={signed} />
      {signed && <Signature at={at} />}
      <Note at={at} />
    </div>
  );
}

/** What is attached here already, and what became of it. */
function Kept({ at }: { at: DayVisit }) {
  const attached = own.value.filter((item) => item.visit === at.visit.key && ["photo", "voice", "signature", "note"].includes(item.what));
  if (attached.length === 0) return null;
  return (
    <ul class="attached">
      {attached.map((item) => (
        <li key={item.key} class={item.state}>
          <Icon name={item.state === "done" ? "check" : item.state === "refused" ? "flag" : "up"} size={18} />
          {t(`what.${item.what}`)} · {clock(item.saidMs)} · {t(`state.${item.state}`)}
          {item.state === "refused" && <small>{whyOf(item)}</small>}
        </li>
      ))}
    </ul>
  );
}

function Photo({ at, most }: { at: DayVisit; most: number }) {
  const take = async (input: HTMLInputElement) => {
    const [picture] = input.files ?? [];
    input.value = "";
    if (picture === undefined) return;
    const small = await shrink(picture);
    if (small === null) return notify(t("photo.bad"), true);
    await file("photo", at, small);
    notify(t("photo.made_small"));
  };
  return (
    <label class="attach">
      <span class="button"><Icon name="screen" />{t("photo.add")}</span>
      <input type="file" accept="image/*" capture="environment" onChange={(event) => void take(event.currentTarget)} />
      <small class="quiet">{t("photo.rule", { n: most })}</small>
    </label>
  );
}

function Voice({ at, signs }: { at: DayVisit; signs: boolean }) {
  const [running, setRunning] = useState<Recording | null>(null);
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (running === null) return undefined;
    const timer = setInterval(() => setSeconds((before) => before + 1), SECOND_MS);
    return () => { clearInterval(timer); running.stop(); };
  }, [running]);
  if (!canRecord()) return <small class="quiet">{t("voice.none")}</small>;
  const start = async () => {
    const begun = await record();
    if (begun === null) return notify(t("voice.none"), true);
    setSeconds(0);
    setRunning(begun);
    const voice = await begun.done;
    setRunning(null);
    if (voice === null) return notify(t("voice.none"), true);
    await file("voice", at, voice);
  };
  return (
    <div class="attach">
      {running === null ? (
        <Button icon="sound" onClick={() => void start()}>{t("voice.start")}</Button>
      ) : (
        <Button kind="danger" icon="close" onClick={() => running.stop()}>{t("voice.stop", { s: Math.min(seconds, LONGEST_VOICE_MS / SECOND_MS) })}</Button>
      )}
      <small class="quiet">{t("voice.rule")}{signs && ` ${t("voice.signs")}`}</small>
    </div>
  );
}

function Note({ at }: { at: DayVisit }) {
  const words = drafts.value.get(at.visit.key)?.note ?? "";
  return (
    <div class="note">
      <label class="ask">
        <span>{t("note.label")}</span>
        <textarea rows={2} maxLength={4_000} value={words} onInput={(event) => keepDraft(at, { note: event.currentTarget.value })} />
      </label>
      {words.trim() !== "" && <Button icon="note" onClick={() => void note(at, words.trim())}>{t("note.add")}</Button>}
    </div>
  );
}
