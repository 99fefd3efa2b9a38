/** To hear nothing of a home for a while: what that means in one sentence, until when, and how to hear again. */
import { useSignal } from "@preact/signals";
import { LANGUAGES, locale } from "@/core/i18n";
import { send, sending } from "@/sign/send";
import { Button } from "@/ui/parts";
import type { FamilyApi, FamilyHome } from "./api";
import { Part } from "./behind";
import { clockAt, dayAt, hushed, hushes, takeHushes } from "./model";
import { t, term } from "./words";

const HOURS = ["4", "24", "72", "168"] as const;
const WHYS = ["there", "known", "others"] as const;

interface Props {
  readonly api: FamilyApi;
  readonly shown: FamilyHome;
}

/** That one hears nothing stands in sight for as long as it lasts. */
export function Hushed({ api, shown }: Props) {
  const one = hushed.value;
  if (one === null) return null;
  const end = async () => {
    await api.endHush(shown.home_id);
    takeHushes(hushes.peek().filter((other) => other !== one));
  };
  return (
    <section class="card hushed" role="status">
      <h2>{t("hush.standing", { until: `${dayAt(one.until, shown.time_zone, LANGUAGES[locale.value].tag)} ${clockAt(one.until, shown.time_zone)}` })}</h2>
      <p>{t("hush.still")}</p>
      {!one.in_circle && <p class="quiet">{t("hush.here_only")}</p>}
      {one.alone && <p>{t("hush.alone")}</p>}
      <Button disabled={sending.value} onClick={() => void send(end)}>{t("hush.end")}</Button>
    </section>
  );
}

export function HushPart({ api, shown }: Props) {
  const [hours, why] = [useSignal<(typeof HOURS)[number]>("24"), useSignal<(typeof WHYS)[number]>("there")];
  if (hushed.value !== null) return null;
  const begin = async () => {
    takeHushes(await api.hush(shown.home_id, { hours: Number(hours.peek()), reason: term("hush_why", why.peek()), kinds: [] }));
    scrollTo({ top: 0 });
  };
  return (
    <Part title={t("hush.title")}>
      <div class="hush">
        <p>{t("hush.about", { name: shown.resident })}</p>
        <p><b>{t("hush.still")}</b></p>
        <fieldset class="choices">
          <legend>{t("hush.how_long")}</legend>
          {HOURS.map((one) => <Choice key={one} name="hush-hours" word={term("hush_for", one)} on={hours.value === one} choose={() => (hours.value = one)} />)}
        </fieldset>
        <fieldset class="choices">
          <legend>{t("hush.why")}</legend>
          {WHYS.map((one) => <Choice key={one} name="hush-why" word={term("hush_why", one)} on={why.value === one} choose={() => (why.value = one)} />)}
        </fieldset>
        <Button disabled={sending.value} onClick={() => void send(begin)}>{t("hush.begin")}</Button>
      </div>
    </Part>
  );
}

function Choice({ name, word, on, choose }: { name: string; word: string; on: boolean; choose: () => void }) {
  return <label class="pick"><input type="radio" name={name} checked={on} onChange={choose} /><span>{word}</span></label>;
}
