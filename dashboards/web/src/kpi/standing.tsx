/** Whose month this is, until when it was counted, and who is missing in it. */
import { LANGUAGES, locale } from "@/core/i18n";
import { Icon } from "@/ui/icons";
import { formatDay, type Report } from "./figures";
import { report } from "./model";
import { t } from "./words";

export function Standing() {
  const shown = report.value;
  return shown === null ? null : (
    <section class="standing" aria-label={t("standing.title")}>
      <Tenants report={shown} />
      {shown.silent.length > 0 && (
        <p class="warn" role="alert"><Icon name="offline" />{t("standing.silent", { who: namesOf(shown) })}</p>
      )}
    </section>
  );
}

/** One line for each of a few tenants; of many, how many. */
export function Tenants({ report: { tenants } }: { report: Report }) {
  const tag = LANGUAGES[locale.value].tag;
  return (
    <ul>
      {tenants.map((one) => (
        <li key={`${one.division_code} ${one.code}`}>
          <b>{one.name}</b>{" "}
          <span>
            {one.frozen_at === null
              ? t("standing.counted", { at: formatDay(one.counted_at, tag) })
              : t("standing.frozen", { at: formatDay(one.frozen_at, tag), n: one.version })}
          </span>
          {one.why !== "" && <span class="quiet">{t("standing.why", { why: one.why })}</span>}
        </li>
      ))}
    </ul>
  );
}

function namesOf(shown: Report): string {
  return shown.silent.map((code) => shown.labels.county?.[code.slice(0, 6)] ?? code).join(" · ");
}
