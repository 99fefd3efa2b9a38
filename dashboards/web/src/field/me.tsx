/** One's own hours, and the few settings: language, size of the text, leaving. */
import { useEffect, useState } from "preact/hooks";
import { locale } from "@/core/i18n";
import { asking, leave, personal, session, useLocale } from "@/sign/session";
import { Button, LanguageSwitch } from "@/ui/parts";
import { drafts, standingNow, takeUp } from "./model";
import { readHours, type Hours } from "./server";
import { large, setLarge } from "./size";
import { t } from "./words";
import { shortDay, tagOf } from "./words-of";

const MINUTES = 60;
const hours = personal<Hours | null>(null);
const questions = asking();

async function read(): Promise<void> {
  const mayShow = questions.ask();
  const answer = await readHours();
  if (answer?.status === 200 && mayShow()) hours.value = answer.body;
}

const long = (minutes: number) => t("me.time", { h: Math.floor(Math.abs(minutes) / MINUTES), m: Math.abs(minutes) % MINUTES });

export function Me() {
  useEffect(() => void read(), []);
  return (
    <main class="field">
      <h2>{session.value?.name}</h2>
      {hours.value === null ? <p class="empty">{t("me.unread")}</p> : <Own own={hours.value} />}
      <section class="settings">
        <h3>{t("me.settings")}</h3>
        <LanguageSwitch value={locale.value} onChange={useLocale} />
        <label class="check"><input type="checkbox" checked={large.value} onChange={(event) => setLarge(event.currentTarget.checked)} />{t("me.large")}</label>
        <Leave />
      </section>
    </main>
  );
}

function Own({ own }: { own: Hours }) {
  const month = new Intl.DateTimeFormat(tagOf(), { year: "numeric", month: "long" }).format(new Date(`${own.month}T12:00:00`));
  return (
    <>
      <section class="area">
        <h3>{t("me.month", { month })}</h3>
        <p class="figures"><strong>{t("me.visits", { n: own.visits })}</strong><strong>{long(own.minutes)}</strong></p>
        {own.incomplete > 0 && <p class="worry">{t("me.incomplete", { n: own.incomplete })}</p>}
      </section>
      <section class="area">
        <h3>{t("me.bank")}</h3>
        {own.balance_min === null ? <p class="quiet">{t("me.no_bank")}</p> : <p class="figures"><strong>{long(own.balance_min)}</strong></p>}
        <ul class="entries">
          {own.entries.map((one) => (
            <li key={one.id}><span>{shortDay(one.on_day)}</span><span>{t(`entry.${one.kind}`)}</span><strong>{one.minutes < 0 ? "−" : "+"}{long(one.minutes)}</strong></li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** Leaving deletes; what would be lost is said before. */
function Leave() {
  const [asked, setAsked] = useState(false);
  const unsent = standingNow.value.waiting + standingNow.value.refused;
  const begun = drafts.value.size;
  const look = async () => {
    await takeUp().catch(() => undefined); // another tab may have written
    if (standingNow.peek().waiting + standingNow.peek().refused + drafts.peek().size === 0) await leave();
    else setAsked(true);
  };
  return (
    <div class="leave">
      <p class="quiet">{t("me.leave_about")}</p>
      {asked && unsent > 0 && <p class="hint warn" role="alert">{t("me.leave_unsent", { n: unsent })}</p>}
      {asked && begun > 0 && <p class="hint warn" role="alert">{t("me.leave_drafts", { n: begun })}</p>}
      <Button kind={asked ? "danger" : "plain"} icon="leave" onClick={() => void (asked ? leave() : look())}>
        {t(asked ? "me.leave_all_the_same" : "me.leave")}
      </Button>
    </div>
  );
}
