/** A year of one figure as a small line, with its target; the numbers stand in its name. */
import { LANGUAGES, locale } from "@/core/i18n";
import { formatMonth, formatValue, lineOf, seriesOf, type Indicator } from "./figures";
import { trend } from "./model";
import { t } from "./words";

const HEIGHT = 34;

export function Spark({ indicator, width = 120 }: { indicator: Indicator; width?: number }) {
  const year = trend.value;
  if (year === null) return null;
  const tag = LANGUAGES[locale.value].tag;
  const series = seriesOf(year, indicator.name);
  if (!series.some((one) => one.value !== null)) return <span class="quiet">{t("trend.none")}</span>;
  const line = lineOf(series.map((one) => one.value), indicator.target?.value ?? null, width, HEIGHT);
  const told = series.map((one) => `${formatMonth(one.month, tag)} ${formatValue(one.value, indicator.unit, tag)}`).join(", ");
  const last = line.dots.at(-1);
  return (
    <svg class="spark" width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={t("trend.told", { title: indicator.title, told })}>
      {line.target !== null && <path class="target" d={`M0 ${line.target}H${width}`} />}
      <path class="line" d={line.path} />
      {line.dots.map(([x, y]) => <circle key={x} cx={x} cy={y} r={1.6} />)}
      {last && <circle class="last" cx={last[0]} cy={last[1]} r={3.4} />}
    </svg>
  );
}
