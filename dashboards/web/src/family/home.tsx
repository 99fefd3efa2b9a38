/** One home at a glance: the card, help under way, the two calls, today, and what to do when worried. */
import { Icon, type IconName } from "@/ui/icons";
import type { FamilyHome, Progress } from "./api";
import { allows, clockAt, telephone, underWay } from "./model";
import { say, t } from "./words";

type Level = FamilyHome["status"]["level"];
const SIGNS: Readonly<Record<Level, IconName>> = { help: "siren", watch: "flag", unknown: "help", calm: "check" };

export function Status({ shown }: { shown: FamilyHome }) {
  const { level, headline, sentence, known_until: until } = shown.status;
  const clock = (iso: string) => clockAt(iso, shown.time_zone);
  return (
    <section class={`card ${level}`} role="status">
      <h2><Icon name={SIGNS[level]} size={34} />{say(headline)}</h2>
      <p class="sentence">{say(sentence)}</p>
      <p class="quiet">
        {t("family.as_of", { clock: clock(shown.now) })}
        {until !== null && level !== "unknown" && ` · ${t("family.known_until", { clock: clock(until) })}`}
      </p>
    </section>
  );
}

export function UnderWay({ zone }: { zone: string }) {
  if (underWay.value.length === 0) return null;
  return (
    <section>
      <h2>{t("family.now")}</h2>
      {underWay.value.map((one) => <Steps key={one.id} one={one} zone={zone} />)}
    </section>
  );
}

export function Steps({ one, zone }: { one: Progress; zone: string }) {
  return (
    <ol class="rows steps" id={`incident-${one.id}`}>
      {one.steps.map((step) => (
        <li key={step.at}><time dateTime={step.at}>{clockAt(step.at, zone)}</time><span>{say(step.text)}</span></li>
      ))}
    </ol>
  );
}

export function Ring({ shown }: { shown: FamilyHome }) {
  return (
    <section class="ring">
      <Call number={shown.phone} kind="primary" icon="phone" text={t("family.call", { name: shown.resident })} none={t("family.no_phone", { name: shown.resident })} />
      <Call number={shown.centre_phone} kind="" icon="telephone" text={t("family.call_centre")} none={t("family.no_centre")} />
    </section>
  );
}

function Call({ number, kind, icon, text, none }: { number: string; kind: string; icon: IconName; text: string; none: string }) {
  if (number === "") return <p class="quiet">{none}</p>;
  return <a class={`button ${kind}`} href={telephone(number)}><Icon name={icon} size={26} />{text}</a>;
}

export function Today({ shown }: { shown: FamilyHome }) {
  return (
    <section>
      <h2>{t("family.today")}</h2>
      {shown.today.length === 0
        ? <p class="empty">{t(allows(shown, "monitoring") ? "family.today_none" : "family.today_hidden")}</p>
        : (
          <ol class="rows">
            {shown.today.map((one) => (
              <li key={one.at + one.what}><time dateTime={one.at}>{clockAt(one.at, shown.time_zone)}</time><span>{say(one.text)}</span></li>
            ))}
          </ol>
        )}
    </section>
  );
}

export function Worried({ shown }: { shown: FamilyHome }) {
  return (
    <details class="part" open={shown.status.level === "help" || shown.status.level === "unknown"}>
      <summary>{t("family.worried")}</summary>
      <ol class="todo">
        <li>{t("family.worried_1")}</li>
        <li>{t("family.worried_2")}</li>
        <li>{t("family.worried_3")}</li>
      </ol>
      <a class="button danger" href="tel:120"><Icon name="phone" size={26} />{t("family.call_120")}</a>
    </details>
  );
}
