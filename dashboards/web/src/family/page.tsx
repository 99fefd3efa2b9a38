/** The whole page: whose home, how things are, whom to ring, today, and what lies behind it. */
import { useEffect } from "preact/hooks";
import { LANGUAGES, locale } from "@/core/i18n";
import { leave, useLocale } from "@/sign/session";
import { Button, LanguageSwitch } from "@/ui/parts";
import { createFamilyApi, type Followed } from "./api";
import { Behind } from "./behind";
import { follow, followed, home, readAt, refresh, toldOf, trouble, type Wanted } from "./model";
import { Hushed, HushPart } from "./hush";
import { Ring, Status, Today, UnderWay, Worried } from "./home";
import { TextSize } from "./text-size";
import { clockAt, dayAt } from "./model";
import { t } from "./words";
import { WishesPart } from "./wishes";

const api = createFamilyApi();
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function FamilyPage() {
  useEffect(() => {
    const told = toldOf(location.search);
    void refresh(api, told).then(() => showIncident(told));
    return follow(() => void refresh(api));
  }, []);
  return (
    <>
      <header class="top">
        <span class="wordmark" lang="zh-Hans">安伴</span>
        <TextSize />
        <LanguageSwitch value={locale.value} onChange={useLocale} />
      </header>
      <main class="family">
        <Trouble />
        <Shown />
      </main>
    </>
  );
}

/** Bring what a notice told of into view; the address forgets it, so that a reload is only a reload. */
function showIncident(told: Wanted | null): void {
  if (told === null || !("incident" in told)) return;
  history.replaceState(null, "", location.pathname);
  const steps = document.getElementById(`incident-${told.incident}`);
  steps?.closest("details")?.setAttribute("open", "");
  steps?.scrollIntoView({ block: "center" });
}

/** That what stands below is old, or that nothing could be read. */
function Trouble() {
  if (trouble.value === "none") return null;
  const old = home.value !== null && readAt.value !== null;
  return (
    <section class="stale" role="alert">
      <p>{old ? t("family.stale", { clock: clockAt(readAt.value ?? "", home.value?.time_zone ?? HERE) }) : t(WHY[trouble.value])}</p>
      {!old && trouble.value === "network" && <p>{t("family.offline_do")}</p>}
      <Button onClick={() => void refresh(api)}>{t("family.retry")}</Button>
    </section>
  );
}

const WHY = { network: "family.offline", refused: "family.failed" } as const;

function Shown() {
  const all = followed.value;
  if (all === null) return trouble.value === "none" ? <p class="waiting" role="status">{t("family.loading")}</p> : null;
  const shown = home.value;
  return (
    <>
      <Homes all={all} />
      {all.withdrawn.map((one) => <Withdrawn key={one.home_id} since={one.since} />)}
      {all.homes.length + all.withdrawn.length === 0 && <p class="empty">{t("family.none")}</p>}
      {shown !== null && (
        <>
          <h1>{shown.resident}</h1>
          <Status shown={shown} />
          <UnderWay zone={shown.time_zone} />
          <Ring shown={shown} />
          <Hushed api={api} shown={shown} />
          <Today shown={shown} />
          <Worried shown={shown} />
          <Behind shown={shown} />
          <HushPart api={api} shown={shown} />
        </>
      )}
      <WishesPart api={api} />
      <Button icon="leave" onClick={() => void leave()}>{t("action.sign_out")}</Button>
    </>
  );
}

/** Which home is shown, where there are several. */
function Homes({ all }: { all: Followed }) {
  if (all.homes.length < 2) return null;
  return (
    <nav class="homes" aria-label={t("family.homes")}>
      {all.homes.map((one) => (
        <button
          key={one.home_id}
          type="button"
          class="button"
          aria-pressed={one.home_id === home.value?.home_id}
          onClick={() => void refresh(api, { home: one.home_id })}
        >
          {one.resident}
        </button>
      ))}
    </nav>
  );
}

function Withdrawn({ since }: { since: string | null }) {
  return (
    <section class="card unknown">
      <h2>{t("family.withdrawn")}</h2>
      {since !== null && <p class="quiet">{t("family.withdrawn_since", { day: dayAt(since, HERE, LANGUAGES[locale.value].tag) })}</p>}
      <p>{t("family.withdrawn_why")}</p>
    </section>
  );
}
