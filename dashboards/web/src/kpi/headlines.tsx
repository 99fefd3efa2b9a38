/** What a county is asked first, large. */
import { LANGUAGES, locale } from "@/core/i18n";
import { formatFraction, formatInterval, formatTarget, formatValue, HEADLINES, whole, type Figure, type Indicator } from "./figures";
import { indicators, report } from "./model";
import { Spark } from "./spark";
import { VerdictTag } from "./verdict";
import { t } from "./words";

export function Headlines() {
  const shown = report.value;
  if (shown === null) return null;
  const first = HEADLINES.flatMap((name) => indicators.value.find((one) => one.name === name) ?? []);
  return (
    <ul class="headlines" aria-label={t("headlines.title")}>
      {first.map((one) => <Tile key={one.name} indicator={one} figure={whole(shown, one.name)} />)}
    </ul>
  );
}

function Tile({ indicator, figure }: { indicator: Indicator; figure: Figure | undefined }) {
  const tag = LANGUAGES[locale.value].tag;
  return (
    <li class="panel tile" data-indicator={indicator.name}>
      <h2>{indicator.title}</h2>
      <p class="value"><b class="digits">{formatValue(figure?.value ?? null, indicator.unit, tag)}</b><VerdictTag figure={figure} indicator={indicator} /></p>
      <div class="foot">
        <dl>
          <dt>{t("column.target")}</dt><dd class="digits">{formatTarget(indicator, tag)}</dd>
          <dt>{t("column.fraction")}</dt><dd class="digits">{figure && !figure.suppressed ? formatFraction(figure, tag) : "–"}</dd>
          {figure !== undefined && figure.low !== null && (
            <><dt>{t("column.interval")}</dt><dd class="digits">{formatInterval(figure, indicator.unit, tag)}</dd></>
          )}
        </dl>
        <Spark indicator={indicator} width={130} />
      </div>
    </li>
  );
}
