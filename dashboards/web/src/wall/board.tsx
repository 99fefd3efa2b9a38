/** The parts of the wall: rows, the danger that takes over, the places, and the strip of numbers. */
import { ageSeconds, formatClock, formatDuration } from "@/core/time";
import { rank, SHAPES } from "@/ui/icons";
import { PriorityTag } from "@/ui/parts";
import type { WallPlace, WallRow, WallView } from "./link";
import { isDanger, place, ROWS } from "./turn";
import { t, term } from "./words";

const WIDE = 900; // of the picture of places, in units of its own
const HIGH = 760;
const MARGIN = 110;
const SHARE = 100;

export function Rows({ rows, nowMs }: { rows: readonly WallRow[]; nowMs: number }) {
  if (rows.length === 0) return <p class="calm">{t("wall.calm")}</p>;
  return (
    <ol style={{ gridTemplateRows: `repeat(${ROWS}, 1fr)` }}>
      {rows.map((row) => (
        <li key={row.id} class={isDanger(row) ? "danger" : row.late ? "late" : ""} data-incident={row.id}>
          <PriorityTag priority={row.priority} label={term("priority", String(rank(row.priority)))} />
          <p class="what"><b>{what(row)}</b> <span>{who(row)}</span></p>
          <time dateTime={row.since}>{age(row, nowMs)}</time>
          <p class="where">{[where(row), standing(row)].filter((part) => part !== "").map((part) => <span key={part}>{part}</span>)}</p>
        </li>
      ))}
    </ol>
  );
}

/** A danger to life that nobody has taken, as large as the wall allows. */
export function Danger({ row, nowMs, number, of }: { row: WallRow; nowMs: number; number: number; of: number }) {
  return (
    <div class="takeover" role="alert">
      <p class="tag-line"><PriorityTag priority={row.priority} label={term("priority", String(rank(row.priority)))} />{of > 1 && <span>{t("wall.danger_of", { n: number, of })}</span>}</p>
      <b>{what(row)}</b>
      <p>{who(row)}</p>
      <p>{where(row)}</p>
      <time dateTime={row.since}>{age(row, nowMs)}</time>
      <p class="nobody">{t("wall.nobody")}</p>
    </div>
  );
}

/** Townships: a dot for each, as large as it has homes; where too few are known, a line of words. */
export function Places({ places }: { places: readonly WallPlace[] }) {
  const dots = place(places, WIDE, HIGH, MARGIN);
  return (
    <>
      <h2>{t("wall.places")}</h2>
      {dots.length > 1 ? (
        <svg viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={t("wall.places")}>
          {dots.map((one) => <Dot key={one.name} one={one} />)}
        </svg>
      ) : (
        <ul class="places">
          {places.map((one) => (
            <li key={one.name}><b>{one.name}</b><span>{t("wall.place", { online: one.online, homes: one.homes })}</span><span>{one.open > 0 && t("wall.place_open", { n: one.open })}</span></li>
          ))}
        </ul>
      )}
    </>
  );
}

function Dot({ one }: { one: WallPlace & { x: number; y: number } }) {
  const size = 20 + 6 * Math.sqrt(one.homes);
  const urgent = one.open_priority === null ? null : rank(one.open_priority);
  return (
    <g transform={`translate(${one.x.toFixed(1)} ${one.y.toFixed(1)})`}>
      {urgent === null ? <circle class="well" r={size} /> : (
        <polygon class={`p${urgent}`} points={SHAPES[urgent].map(([x, y]) => `${(x * size).toFixed(1)},${(y * size).toFixed(1)}`).join(" ")} />
      )}
      {one.open > 0 && <text class="open" dy="9">{one.open}</text>}
      <text class="name" y={size + 30}>{one.name}</text>
      <text class="homes" y={size + 58}>{t("wall.place", { online: one.online, homes: one.homes })}</text>
    </g>
  );
}

/** What is counted: each with what it is of. */
export function Strip({ view }: { view: WallView }) {
  const { numbers, rate } = view;
  return (
    <footer>
      <Figure name={t("wall.online")} value={`${numbers.online} / ${numbers.homes}`} />
      <Figure name={t("wall.rate")} value={t("wall.rate_value", { n: rate.ten_minutes, day: rate.day })} />
      <Figure name={t("wall.answered")} value={numbers.urgent === 0 ? t("wall.none") : `${Math.round((SHARE * numbers.answered) / numbers.urgent)} %（${numbers.answered} / ${numbers.urgent}）`} />
      <Figure name={t("wall.visits")} value={numbers.visits === 0 ? t("wall.none") : `${numbers.visits_done} / ${numbers.visits}`} />
    </footer>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return <p><span>{name}</span><b>{value}</b></p>;
}

function what(row: WallRow): string {
  if (row.homes === 1) return term("kind", row.kind);
  const own = term("cause", row.cause);
  const cause = own === row.cause ? term("kind", row.cause) : own;
  return t("group.title", { cause, area: row.area_name, n: row.homes });
}

function who(row: WallRow): string {
  return row.surname === "" ? "" : t(row.sex === "m" ? "wall.mr" : row.sex === "f" ? "wall.ms" : "wall.person", { name: row.surname });
}

function where(row: WallRow): string {
  return row.homes > 1 ? "" : [row.area_name, row.village].filter((part) => part !== "").join(" · ");
}

function standing(row: WallRow): string {
  if (row.state === "en_route" && row.eta_at !== null) return t("wall.eta", { at: formatClock(row.eta_at).slice(0, 5) });
  return row.late ? `${t("wall.late")} · ${term("state", row.state)}` : term("state", row.state);
}

function age(row: WallRow, nowMs: number): string {
  return formatDuration(ageSeconds(row.since, nowMs), t("unit.day"));
}
