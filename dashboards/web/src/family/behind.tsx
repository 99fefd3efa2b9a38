/** What lies behind the card: earlier alarms, the care circle, who looked, and what is shared. */
import type { ComponentChildren } from "preact";
import { LANGUAGES, locale, term as common } from "@/core/i18n";
import { Icon } from "@/ui/icons";
import type { FamilyHome } from "./api";
import { Steps } from "./home";
import { dayAt, looks, past } from "./model";
import { say, t, term } from "./words";

export function Behind({ shown }: { shown: FamilyHome }) {
  return <><Past shown={shown} /><Circle shown={shown} /><Looks shown={shown} /><Shared shown={shown} /></>;
}

export function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return <details class="part"><summary>{title}</summary>{children}</details>;
}

const day = (iso: string, shown: FamilyHome) => dayAt(iso, shown.time_zone, LANGUAGES[locale.value].tag);

function Past({ shown }: { shown: FamilyHome }) {
  return (
    <Part title={t("family.past")}>
      {past.value.length === 0 && <p>{t("family.past_none")}</p>}
      {past.value.map((one) => (
        <section key={one.id}>
          <h3>{day(one.opened_at, shown)} · {say(one.title)}</h3>
          <Steps one={one} zone={shown.time_zone} />
        </section>
      ))}
    </Part>
  );
}

function Circle({ shown }: { shown: FamilyHome }) {
  return (
    <Part title={t("family.circle")}>
      <p class="quiet">{t(shown.circle.length === 0 ? "family.circle_none" : "family.circle_about")}</p>
      <ol class="rows">
        {shown.circle.map((one) => (
          <li key={one.name + one.phone}>
            <span><b>{one.name}</b> {term("circle", one.relation)}</span>
            {one.has_key && <span class="has-key"><Icon name="key" />{t("family.has_key")}</span>}
          </li>
        ))}
      </ol>
    </Part>
  );
}

function Looks({ shown }: { shown: FamilyHome }) {
  return (
    <Part title={t("family.looks", { name: shown.resident })}>
      <p class="quiet">{t(looks.value.length === 0 ? "family.looks_none" : "family.looks_about")}</p>
      <ul class="rows">
        {looks.value.map((one) => (
          <li key={one.last_at + one.name}>
            <time dateTime={one.last_at}>{day(one.last_at, shown)}</time>
            <span>
              <b>{one.name}</b> {common("role", one.role)}, {t("family.looks_n", { n: one.n })}
              {one.emergency && ` · ${t("family.looks_emergency")}`}
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Shared({ shown }: { shown: FamilyHome }) {
  return (
    <Part title={t("family.shared")}>
      <p class="quiet">{t("family.shared_about")}</p>
      <ul class="rows">
        {shown.shared.map((one) => (
          <li key={one.purpose}>
            <span>{term("share", one.purpose)}</span>
            <Answer allowed={one.allowed} asked={one.asked} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Answer({ allowed, asked }: { allowed: boolean; asked: boolean }) {
  if (allowed) return <b class="yes"><Icon name="check" />{t("family.yes")}</b>;
  if (asked) return <b class="no"><Icon name="close" />{t("family.no")}</b>;
  return <span class="no">{t("family.not_asked")}</span>;
}
