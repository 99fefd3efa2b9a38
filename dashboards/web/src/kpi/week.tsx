/** One promise over the hours of a week: when is it not kept? */
import { LANGUAGES, locale } from "@/core/i18n";
import { formatFraction, formatTarget, formatValue, HOURS_OF_A_SLOT, ofCut, shade, TIMED, week, type Figure, type Indicator } from "./figures";
import { indicators, report, timed } from "./model";
import { t } from "./words";

const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

export function Week() {
  const shown = report.value;
  const indicator = indicators.value.find((one) => one.name === timed.value);
  if (shown === null || indicator === undefined) return null;
  const figures = ofCut(shown, indicator.name, "slot");
  return (
    <section class="panel week" aria-labelledby="week-title">
      <header>
        <h2 id="week-title">{t("week.title")}</h2>
        <label>
          <span class="unseen">{t("column.indicator")}</span>
          <select value={timed.value} onChange={(event) => (timed.value = event.currentTarget.value)}>
            {TIMED.flatMap((name) => indicators.value.find((one) => one.name === name) ?? []).map((one) => (
              <option key={one.name} value={one.name}>{one.title}</option>
            ))}
          </select>
        </label>
        <span class="quiet">{t("week.target", { target: formatTarget(indicator, LANGUAGES[locale.value].tag) })}</span>
      </header>
      {figures.length === 0 ? <p class="lacking">{t("week.none")}</p> : <Heat figures={figures} indicator={indicator} />}
    </section>
  );
}

/** The table itself, for the screen and for paper. */
export function Heat({ figures, indicator }: { figures: readonly Figure[]; indicator: Indicator }) {
  return (
    <div class="wide">
      <table class="heat">
        <thead>
          <tr><td></td>{DAYS.map((day) => <th key={day} scope="col">{t(`day.${day}`)}</th>)}</tr>
        </thead>
        <tbody>
          {week(figures).map((row, slot) => (
            <tr key={slot}>
              <th scope="row" class="digits">{hours(slot)}</th>
              {row.map((figure, day) => <Slot key={day} figure={figure} indicator={indicator} />)}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="legend quiet">
        <span class="h0">{t("week.held")}</span>
        {([1, 2, 3, 4] as const).map((step) => <span key={step} class={`h${step}`}>{t(`off.${step}`)}</span>)}
        <span class="hidden">{t("verdict.hidden")}</span>
      </p>
    </div>
  );
}

function Slot({ figure, indicator }: { figure: Figure | undefined; indicator: Indicator }) {
  const tag = LANGUAGES[locale.value].tag;
  if (figure === undefined || (figure.value === null && !figure.suppressed)) return <td class="empty">–</td>;
  if (figure.suppressed) return <td class="hidden">{t("week.hidden")}</td>;
  return (
    <td class={`h${shade(figure, indicator)} digits`}>
      {formatValue(figure.value, indicator.unit, tag)}<small>{formatFraction(figure, tag)}</small>
    </td>
  );
}

function hours(slot: number): string {
  const two = (hour: number) => String(hour).padStart(2, "0");
  return `${two(slot * HOURS_OF_A_SLOT)}–${two((slot + 1) * HOURS_OF_A_SLOT)}`;
}
