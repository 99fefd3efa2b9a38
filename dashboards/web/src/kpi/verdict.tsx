/** A verdict as shape and word, never as colour alone; and a value with its interval on a short line. */
import { mayBeChance, reach, verdict, type Figure, type Indicator } from "./figures";
import { t } from "./words";

const SHAPES = { met: "M4 12.5l5 5L20 6.5", missed: "M12 4v11M12 19.5v.5", untold: "", none: "M6 12h12", hidden: "M5 5l14 14" } as const;

export function VerdictTag({ figure, indicator }: { figure: Figure | undefined; indicator: Indicator }) {
  const said = verdict(figure);
  if (said === "untold") return <span class="quiet">{t("verdict.untold")}</span>;
  const chance = mayBeChance(figure, indicator);
  return (
    <span class={`verdict ${said}`} title={chance ? t("verdict.chance_hint") : undefined}>
      <svg class="icon" width="18" height="18" viewBox="0 0 24 24" aria-hidden="true"><path d={SHAPES[said]} /></svg>
      {t(`verdict.${said}`)}
      {chance && <small>{t("verdict.chance")}</small>}
    </span>
  );
}

const WIDTH = 120;
const HEIGHT = 22;

/** The value as a bar, its interval as a whisker, its target as a line. */
export function Bar({ figure, indicator, beside }: { figure: Figure; indicator: Indicator; beside: readonly Figure[] }) {
  if (figure.value === null) return null;
  const x = (value: number) => Math.min(1, reach(value, indicator, beside)) * WIDTH;
  const held = figure.met === null ? "plain" : figure.met ? "met" : "missed";
  return (
    <svg class={`bar ${held}`} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <rect class="bed" x="0" y="5" width={WIDTH} height="12" rx="2" />
      <rect class="fill" x="0" y="5" width={x(figure.value)} height="12" rx="2" />
      {figure.low !== null && figure.high !== null && (
        <path class="whisker" d={`M${x(figure.low)} 11H${x(figure.high)}M${x(figure.low)} 7v8M${x(figure.high)} 7v8`} />
      )}
      {indicator.target !== null && <path class="target" d={`M${x(indicator.target.value)} 1v20`} />}
    </svg>
  );
}

