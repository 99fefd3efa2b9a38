/** Every indicator of the month: its value, what made it, its target, its year, and the way down to its rows. */
import { LANGUAGES, locale } from "@/core/i18n";
import { Button } from "@/ui/parts";
import { formatFraction, formatInterval, formatTarget, formatValue, grouped, whole, type Figure, type Group, type Indicator } from "./figures";
import { chosen, follow, indicators, mayFollow, report } from "./model";
import { Spark } from "./spark";
import { Bar, VerdictTag } from "./verdict";
import { t } from "./words";

export function Tables() {
  return (
    <section class="panel tables" aria-labelledby="tables-title">
      <h2 id="tables-title">{t("tables.title")}</h2>
      {!mayFollow() && <p class="quiet">{t("tables.no_rows")}</p>}
      {grouped(indicators.value).map(([group, ones]) => <Part key={group} group={group} ones={ones} />)}
    </section>
  );
}

function Part({ group, ones }: { group: Group; ones: readonly Indicator[] }) {
  if (ones.length === 0) return null;
  return (
    <details open={group !== "outcomes"}>
      <summary>{t(`group.${group}`)}</summary>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("column.indicator")}</th>
              <th scope="col" class="number">{t("column.value")}</th>
              <th scope="col" class="number">{t("column.fraction")}</th>
              <th scope="col" class="number">{t("column.interval")}</th>
              <th scope="col" class="number">{t("column.target")}</th>
              <th scope="col">{t("column.verdict")}</th>
              <th scope="col">{t("column.year")}</th>
              <th scope="col"><span class="unseen">{t("column.more")}</span></th>
            </tr>
          </thead>
          <tbody>{ones.map((one) => <Line key={one.name} indicator={one} beside={figuresOf(ones)} />)}</tbody>
        </table>
      </div>
    </details>
  );
}

/** The rates of one part share a scale only with themselves: their units differ. */
function figuresOf(ones: readonly Indicator[]): readonly Figure[] {
  const shown = report.value;
  return shown === null ? [] : ones.flatMap((one) => (one.unit === "share" ? (whole(shown, one.name) ?? []) : []));
}

function Line({ indicator, beside }: { indicator: Indicator; beside: readonly Figure[] }) {
  const shown = report.value;
  const tag = LANGUAGES[locale.value].tag;
  const figure = shown === null ? undefined : whole(shown, indicator.name);
  return (
    <tr data-line={indicator.name} class={chosen.value === indicator.name ? "chosen" : ""}>
      <th scope="row">
        {indicator.title}
        <small class="quiet">{t("tables.of", { numerator: indicator.numerator, denominator: indicator.denominator })}</small>
      </th>
      <td class="number">
        <b class="digits">{formatValue(figure?.value ?? null, indicator.unit, tag)}</b>
        {figure && <Bar figure={figure} indicator={indicator} beside={indicator.unit === "share" ? beside : [figure]} />}
      </td>
      <td class="number digits">{figure && !figure.suppressed ? formatFraction(figure, tag) : "–"}</td>
      <td class="number digits">{figure ? formatInterval(figure, indicator.unit, tag) : "–"}</td>
      <td class="number digits" title={indicator.target?.source}>{formatTarget(indicator, tag)}</td>
      <td><VerdictTag figure={figure} indicator={indicator} /></td>
      <td><Spark indicator={indicator} /></td>
      <td class="ways">
        <Button kind="quiet" icon="list" label={t("tables.cut", { title: indicator.title })} pressed={chosen.value === indicator.name} onClick={() => cutBy(indicator.name)} />
        {mayFollow() && figure !== undefined && !figure.suppressed && (
          <Button kind="quiet" icon="eye" label={t("tables.rows", { title: indicator.title })} onClick={() => void follow(indicator.name, "all", "", lacking(indicator))} />
        )}
      </td>
    </tr>
  );
}

/** Whoever doubts a target asks for what was missed; whoever reads a share without one asks for all of it. */
function lacking(indicator: Indicator): boolean {
  return indicator.target?.least ?? false;
}

function cutBy(name: string): void {
  chosen.value = name;
  document.getElementById("breakdown")?.scrollIntoView({ block: "nearest" });
}
