/**
 * The month on paper: A4, black on white, every figure with what made it.
 *
 * What this is: the same report laid out for print. What it is not: another count. The one idea: whoever holds the
 * paper can check it: it names the version, its digest, what is hidden and why, and whose targets these are.
 */
import { LANGUAGES, locale } from "@/core/i18n";
import {
  CUTS, formatFraction, formatInterval, formatMonth, formatTarget, formatValue, grouped, HEADLINES, ofCut, ranked, whole,
  type Indicator, type Report,
} from "./figures";
import { indicators } from "./model";
import { Spark } from "./spark";
import { Tenants } from "./standing";
import { VerdictTag } from "./verdict";
import { Heat } from "./week";
import { t } from "./words";

const LAID_OVER_THE_WEEK = ["answered_60", "circle_15"];

export function Paper({ report }: { report: Report }) {
  const tag = LANGUAGES[locale.value].tag;
  const first = HEADLINES.flatMap((name) => indicators.value.find((one) => one.name === name) ?? []);
  return (
    <main class="paper">
      <header>
        <h1>{t("paper.title", { month: formatMonth(report.month, tag) })}</h1>
        <Tenants report={report} />
        {report.silent.length > 0 && <p class="warn">{t("standing.silent", { who: report.silent.join(" · ") })}</p>}
      </header>
      <Part title={t("headlines.title")}><Summary report={report} ones={first} /></Part>
      {grouped(indicators.value).map(([group, ones]) => (
        <Part key={group} title={t(`group.${group}`)}><Lines report={report} ones={ones} /></Part>
      ))}
      <Part title={t("breakdown.title")}>{first.map((one) => <Cuts key={one.name} report={report} indicator={one} />)}</Part>
      <Weeks report={report} />
      <Notes report={report} />
    </main>
  );
}

function Part({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return <section><h2>{title}</h2>{children}</section>;
}

function Summary({ report, ones }: { report: Report; ones: readonly Indicator[] }) {
  const tag = LANGUAGES[locale.value].tag;
  return (
    <ul class="summary">
      {ones.map((one) => {
        const figure = whole(report, one.name);
        return (
          <li key={one.name}>
            <h3>{one.title}</h3>
            <p class="digits"><b>{formatValue(figure?.value ?? null, one.unit, tag)}</b> {t("breakdown.short_target", { target: formatTarget(one, tag) })}</p>
            <VerdictTag figure={figure} indicator={one} />
            <Spark indicator={one} width={170} />
          </li>
        );
      })}
    </ul>
  );
}

function Lines({ report, ones }: { report: Report; ones: readonly Indicator[] }) {
  const tag = LANGUAGES[locale.value].tag;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t("column.indicator")}</th>
          <th scope="col" class="number">{t("column.value")}</th>
          <th scope="col" class="number">{t("column.fraction")}</th>
          <th scope="col" class="number">{t("column.interval")}</th>
          <th scope="col" class="number">{t("column.target")}</th>
          <th scope="col">{t("column.verdict")}</th>
        </tr>
      </thead>
      <tbody>
        {ones.map((one) => {
          const figure = whole(report, one.name);
          return (
            <tr key={one.name}>
              <th scope="row">{one.title}<small>{t("tables.of", { numerator: one.numerator, denominator: one.denominator })}</small></th>
              <td class="number digits">{formatValue(figure?.value ?? null, one.unit, tag)}</td>
              <td class="number digits">{figure && !figure.suppressed ? formatFraction(figure, tag) : "–"}</td>
              <td class="number digits">{figure ? formatInterval(figure, one.unit, tag) : "–"}</td>
              <td class="number digits">{formatTarget(one, tag)}</td>
              <td><VerdictTag figure={figure} indicator={one} /></td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Cuts({ report, indicator }: { report: Report; indicator: Indicator }) {
  const tag = LANGUAGES[locale.value].tag;
  const cuts = CUTS.map((cut) => [cut, ranked(ofCut(report, indicator.name, cut), indicator)] as const).filter(([, ones]) => ones.length > 1);
  if (cuts.length === 0) return null;
  return (
    <div class="cut">
      <h3>{indicator.title}</h3>
      <dl>
        {cuts.map(([cut, ones]) => (
          <div key={cut}>
            <dt>{t(`cut.${cut}`)}</dt>
            <dd>
              {ones.map((one) => (
                <span key={one.of}>
                  {report.labels[cut]?.[one.of] ?? one.of}{" "}
                  <b class="digits">{one.suppressed ? t("verdict.hidden") : formatValue(one.value, indicator.unit, tag)}</b>
                  {!one.suppressed && <small class="digits"> ({formatFraction(one, tag)})</small>}
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Weeks({ report }: { report: Report }) {
  const laid = LAID_OVER_THE_WEEK.flatMap((name) => indicators.value.find((one) => one.name === name) ?? [])
    .map((one) => [one, ofCut(report, one.name, "slot")] as const)
    .filter(([, figures]) => figures.length > 0);
  return (
    <>
      {laid.map(([one, figures]) => (
        <Part key={one.name} title={`${t("week.title")}：${one.title}`}><Heat figures={figures} indicator={one} /></Part>
      ))}
    </>
  );
}

function Notes({ report }: { report: Report }) {
  return (
    <Part title={t("paper.notes")}>
      <ul class="notes">
        <li>{t("paper.note_sums")}</li>
        <li>{t("paper.note_interval")}</li>
        <li>{t("paper.note_hidden")}</li>
        <li>{t("paper.note_frozen")}</li>
        <li>{t("paper.note_targets", { list: sources() })}</li>
        {report.tenants.map((one) => <li key={one.digest}>{t("paper.note_digest", { name: one.name, n: one.version })} <code>{one.digest}</code></li>)}
      </ul>
      <p class="signatures"><span>{t("paper.drawn_up")}</span><span>{t("paper.checked")}</span><span>{t("paper.date")}</span></p>
    </Part>
  );
}

function sources(): string {
  return [...new Set(indicators.value.flatMap((one) => one.target?.source ?? []))].join("；");
}
