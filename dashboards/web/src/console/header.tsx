/** The strip on top: who is on duty, how many wait, how loud the hour is, and whether any of it is current. */
import { useEffect } from "preact/hooks";
import type { Session } from "@/core/api";
import { locale } from "@/core/i18n";
import { formatClock, secondsUntil } from "@/core/time";
import { Icon } from "@/ui/icons";
import { PagesMenu } from "@/ui/pages";
import { Button, LanguageSwitch } from "@/ui/parts";
import { leave, useLocale } from "@/sign/session";
import { rate, readRate } from "./desk";
import { dataAt, dialog, goTo, link, nowMs, openIncidents, recent, silence, sound, sounder, unacknowledged } from "./model";
import { t } from "./words";

const BUDGET = 1; // alarms per ten minutes and position (EEMUA 191)
const FLOOD = 10; // from here on it is a flood (EEMUA 191)
const DAY_BUDGET = 150; // alarms a day that one position can treat (EEMUA 191)
const DAY_FLOOD = 300; // from here on they must be made fewer (EEMUA 191)
const RATE_MS = 5 * 60_000;
const EXPIRY_WARNING_S = 15 * 60;

export function Header({ person }: { person: Session }) {
  return (
    <header class="band">
      <PagesMenu person={person} />
      <h1><span class="wordmark" lang="zh-Hans">安伴</span><small>{t("app.console")}</small></h1>
      <button type="button" class="duty" title={t("account.title")} onClick={() => goTo("account")}>
        <Icon name="user" /><span>{t("header.duty")}</span><b>{person.name}</b>
      </button>
      <Counts />
      <Rate />
      <span class="spring" />
      <Expiry at={person.expires_at} />
      <LiveLamp />
      <SoundGate />
      <LanguageSwitch value={locale.value} onChange={useLocale} />
      <Button kind="quiet" icon="help" label={t("help.title")} keys="?" onClick={() => (dialog.value = "help")} />
      <Button kind="quiet" icon="leave" label={t("action.sign_out")} onClick={() => void leave()} />
    </header>
  );
}

function Counts() {
  const waiting = unacknowledged.value.length;
  return (
    <p class="counts">
      <span class={waiting > 0 ? "hot" : ""}>{t("header.unacknowledged")} <b>{waiting}</b></span>
      <span>{t("header.in_progress")} <b>{openIncidents.value.length - waiting}</b></span>
    </p>
  );
}

function Rate() {
  useEffect(() => {
    void readRate();
    const again = setInterval(() => void readRate(), RATE_MS);
    return () => clearInterval(again);
  }, []);
  const day = rate.value?.day ?? 0;
  const level = recent.value > FLOOD ? "flood" : recent.value > BUDGET || day > DAY_BUDGET ? "over" : "";
  return (
    <p class={`rate ${level}`} title={t("header.rate_hint")}>
      {t(level === "flood" ? "header.flood" : "header.rate", { n: recent.value, budget: BUDGET })}
      {rate.value !== null && <small class={day >= DAY_FLOOD ? "hot" : ""}>{t("header.rate_day", { n: day, budget: DAY_BUDGET })}</small>}
    </p>
  );
}

/** A session ends at its time, alarm or not: say so while there is time to sign in again. */
function Expiry({ at }: { at: string }) {
  if (secondsUntil(at, nowMs.value) > EXPIRY_WARNING_S) return null;
  return <p class="rate over">{t("header.expires", { at: formatClock(at).slice(0, 5) })}</p>;
}

function LiveLamp() {
  const state = link.value;
  return (
    <p class={`lamp ${state}`} data-link={state}>
      <span class="dot" aria-hidden="true" />
      {t(state === "live" ? "link.live" : state === "lost" ? "link.lost" : "link.connecting")}
      {state === "live" && <small>{t("header.seconds_ago", { n: Math.floor(silence.value) })}</small>}
    </p>
  );
}

function SoundGate() {
  const state = sound.value;
  return (
    <Button
      kind={state === "on" ? "quiet" : "danger"}
      icon={state === "on" ? "sound" : "muted"}
      pressed={state === "on"}
      onClick={() => void sounder.arm()}
    >
      <span class={`sound-${state}`}>{t(`sound.${state}`)}</span>
    </Button>
  );
}

/** Says, as loudly as a page can, that what it shows is old. */
export function LostBar() {
  if (link.value !== "lost") return null;
  const at = dataAt.value;
  return (
    <p class="lost-bar" role="alert">
      <Icon name="offline" size={24} />
      <b>{t("link.lost")}</b>
      <span>{at === null ? t("link.no_data") : t("link.data_until", { at: formatClock(at) })}</span>
      <small>{t("link.lost_hint")}</small>
    </p>
  );
}
