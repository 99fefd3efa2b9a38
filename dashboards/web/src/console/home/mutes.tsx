/** Why nobody is called for this home for a while, until when, and how to begin or end that. */
import { useState } from "preact/hooks";
import type { Session } from "@/core/api";
import type { MuteView, NewMute } from "@/core/home-api";
import { formatMoment } from "@/core/time";
import { send, sending } from "@/sign/send";
import { Button, Dialog } from "@/ui/parts";
import { homeApi, homeId } from "../model";
import { t, term } from "../words";
import { tag } from "../names";
import { Panel } from "./panel";
import { mutes, readMutes } from "./state";

const WHYS = ["hospital", "away", "works"] as const;
/** Hours that are offered; the server refuses what is too long for a reason. */
const HOURS: Readonly<Record<(typeof WHYS)[number], readonly number[]>> = { hospital: [24, 72, 168, 720], away: [24, 72, 168, 720], works: [1, 2, 4, 8] };

export function Mutes({ person }: { person: Session }) {
  const [asking, ask] = useState(false);
  const may = person.permissions.includes("handle_incident");
  return (
    <Panel
      name="mutes"
      title={t("mutes.title")}
      of={mutes.value}
      aside={may && <Button icon="muted" onClick={() => ask(true)}>{t("mutes.begin")}</Button>}
    >
      {(found) => (
        <>
          {found.length === 0 ? <p class="quiet">{t("mutes.none")}</p> : <ul class="home-rows" tabIndex={0}>{found.map((one) => <Row key={one.id} one={one} may={may} />)}</ul>}
          {asking && <Begin onClose={() => ask(false)} />}
        </>
      )}
    </Panel>
  );
}

function Row({ one, may }: { one: MuteView; may: boolean }) {
  const end = async () => {
    await homeApi.endMute(one.id);
    readMutes();
  };
  return (
    <li class="plain-row">
      <span>
        <b>{term("mute", one.why)}</b> {one.reason}
        <small>{t("mutes.until", { at: formatMoment(one.until, tag()), who: one.set_by })}</small>
      </span>
      {may && <Button disabled={sending.value} onClick={() => void send(end)}>{t("mutes.end")}</Button>}
    </li>
  );
}

function Begin({ onClose }: { onClose: () => void }) {
  const [why, choose] = useState<NewMute["why"]>("hospital");
  const [hours, last] = useState(24);
  const [reason, write] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const home = homeId.peek();
    if (home === null || reason.trim() === "") return;
    const refused = await send(async () => {
      await homeApi.mute(home, { why, hours, reason: reason.trim() });
      readMutes();
    });
    if (refused === null) onClose();
  };
  return (
    <Dialog title={t("mutes.begin")} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p class="quiet">{t("mutes.about")}</p>
        <fieldset>
          <legend>{t("mutes.why")}</legend>
          {WHYS.map((one) => (
            <label key={one} class="choice">
              <input type="radio" name="why" checked={why === one} onChange={() => { choose(one); last(HOURS[one][0] ?? 1); }} />
              <span>{term("mute", one)}</span>
            </label>
          ))}
        </fieldset>
        <fieldset class="etas">
          <legend>{t("mutes.how_long")}</legend>
          {HOURS[why].map((n) => (
            <label key={n} class="pick">
              <input type="radio" name="hours" checked={hours === n} onChange={() => last(n)} />
              <span>{n < 24 ? t("mutes.hours", { n }) : t("unit.days", { n: n / 24 })}</span>
            </label>
          ))}
        </fieldset>
        <label class="field">
          {t("mutes.reason")}
          <textarea rows={2} maxLength={500} required value={reason} onInput={(event) => write(event.currentTarget.value)} />
        </label>
        <footer>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={reason.trim() === "" || sending.value}>{t("mutes.begin")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
