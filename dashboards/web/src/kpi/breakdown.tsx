/** One indicator, cut: by county, town, town or rural, age, sex, or kind of alarm. */
import { LANGUAGES, locale } from "@/core/i18n";
import { Button } from "@/ui/parts";
import { CUTS, formatFraction, formatTarget, formatValue, ofCut, ranked, type Cut, type Figure, type Indicator, type Report } from "./figures";
import { chosen, cut, follow, indicators, mayFollow, report } from "./model";
import { Bar, VerdictTag } from "./verdict";
import { t } from "./words";

export function Breakdown() {
  const shown = report.value;
  const indicator = indicators.value.find((one) => one.name === chosen.value);
  if (shown === null || indicator === undefined) return null;
  return (
    <section class="panel breakdown" id="breakdown" aria-labelledby="breakdown-title">
      <header>
        <h2 id="breakdown-title">{t("breakdown.title")}</h2>
        <label>
          <span class="unseen">{t("column.indicator")}</span>
          <select value={chosen.value} onChange={(event) => (chosen.value = event.currentTarget.value)}>
            {indicators.value.map((one) => <option key={one.name} value={one.name}>{one.title}</option>)}
          </select>
        </label>
        <Cuts report={shown} indicator={indicator} />
      </header>
      <p class="quiet">
        {t("tables.of", { numerator: indicator.numerator, denominator: indicator.denominator })}
        {indicator.target !== null && ` · ${t("breakdown.target", { target: formatTarget(indicator, LANGUAGES[locale.value].tag), source: indicator.target.source })}`}
      </p>
      <Ones report={shown} indicator={indicator} />
    </section>
  );
}

function Cuts({ report: shown, indicator }: { report: Report; indicator: Indicator }) {
  const there = CUTS.filter((one) => one !== "kind" || indicator.of === "incident").filter((one) => one in shown.labels);
  return (
    <fieldset class="cuts">
      <legend class="unseen">{t("breakdown.by")}</legend>
      {there.map((one) => (
        <label key={one} class="pick">
          <input type="radio" name="cut" value={one} checked={cut.value === one} onChange={() => (cut.value = one)} />
          <span>{t(`cut.${one}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Ones({ report: shown, indicator }: { report: Report; indicator: Indicator }) {
  const by: Cut = cut.value === "kind" && indicator.of !== "incident" ? "town" : cut.value;
  const ones = ranked(ofCut(shown, indicator.name, by), indicator);
  if (ones.length === 0) return <p class="lacking">{t("breakdown.none")}</p>;
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">{t(`cut.${by as (typeof CUTS)[number]}`)}</th>
            <th scope="col" class="number">{t("column.value")}</th>
            <th scope="col" class="number">{t("column.fraction")}</th>
            <th scope="col">{t("column.verdict")}</th>
            <th scope="col"><span class="unseen">{t("column.more")}</span></th>
          </tr>
        </thead>
        <tbody>
          {ones.map((one) => <One key={one.of} figure={one} indicator={indicator} label={shown.labels[by]?.[one.of] ?? one.of} beside={ones} />)}
        </tbody>
      </table>
      {ones.some((one) => one.suppressed) && <p class="quiet">{t("breakdown.hidden")}</p>}
    </div>
  );
}

function One({ figure, indicator, label, beside }: { figure: Figure; indicator: Indicator; label: string; beside: readonly Figure[] }) {
  const tag = LANGUAGES[locale.value].tag;
  return (
    <tr>
      <th scope="row" title={figure.of}>{label}</th>
      <td class="number">
        <b class="digits">{formatValue(figure.value, indicator.unit, tag)}</b>
        <Bar figure={figure} indicator={indicator} beside={beside} />
      </td>
      <td class="number digits">{figure.suppressed ? "–" : formatFraction(figure, tag)}</td>
      <td><VerdictTag figure={figure} indicator={indicator} /></td>
      <td class="ways">
        {mayFollow() && !figure.suppressed && (
          <Button kind="quiet" icon="eye" label={t("tables.rows", { title: `${indicator.title} · ${label}` })} onClick={() => void follow(indicator.name, figure.cut, figure.of, false)} />
        )}
      </td>
    </tr>
  );
}
