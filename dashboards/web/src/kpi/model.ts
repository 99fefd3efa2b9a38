/**
 * The page's state: which month, what it says, and what was followed down to its rows.
 *
 * What this is: signals, and the few questions to the server. What it is not: a view, or arithmetic (`figures`). The one
 * idea: what is shown always belongs to the month that is named; a slow answer to an older question is thrown away.
 */
import { batch, effect, signal } from "@preact/signals";
import { Refused } from "@/core/api";
import type { components } from "@/core/schema";
import { locale } from "@/core/i18n";
import { api, asking, session } from "@/sign/session";
import { CUTS, monthsOf, type Cut, type Indicator, type MonthVersion, type Report, type Row, type Trend } from "./figures";

export type Duty = components["schemas"]["DutyPage"]["items"][number];
/** Why something is not there. `nothing`: it was never counted; `refused`: not yours to see; `away`: no answer. */
export type Lack = "nothing" | "refused" | "away";

const NOT_FOUND = 404;
const SERVER_ERROR = 500;
const PAPER = /^\/kpi\/report\/(20\d\d-(?:0[1-9]|1[0-2]))$/;
const OVERDUE_SHOWN = 20;
const ROWS_AT_ONCE = 50;
/** [D] How soon a server that did not answer is asked again. */
const AGAIN_MS = 15_000;

export const indicators = signal<readonly Indicator[]>([]);
export const versions = signal<readonly MonthVersion[]>([]);
/** Every month that anybody has counted, the newest first. */
export const known = signal<readonly string[]>([]);
/** The first day of the month that is shown; `null`: there is none yet. */
export const month = signal<string | null>(null);
export const report = signal<Report | null>(null);
export const trend = signal<Trend | null>(null);
/** Why there is no report, or none newer than the one that is shown. */
export const lack = signal<Lack | null>(null);
/** Which indicator is cut and laid over the week, and by what it is cut. */
export const chosen = signal("answered_60");
export const timed = signal("answered_60");
export const cut = signal<Cut>("town");
/** Whether the address asks for the report on paper. */
export const paper = signal(PAPER.test(location.pathname));

/** A figure that is followed down. `next`: the server has more; `undefined` rows: still asking. */
export interface Followed {
  readonly indicator: string;
  readonly cut: Cut;
  readonly of: string;
  readonly missed: boolean;
  readonly rows: readonly Row[] | undefined;
  readonly next: string | null;
  readonly lack: Lack | null;
}
export const followed = signal<Followed | null>(null);

/** People whose visit is overdue; `undefined`: not asked, `more`: there are others. */
export const overdue = signal<{ readonly people: readonly Duty[]; readonly more: boolean } | Lack | undefined>(undefined);

/** Whether the person may follow a figure down to homes. */
export function mayFollow(): boolean {
  return session.value?.permissions.includes("read_queue") ?? false;
}

export function mayLeadVisits(): boolean {
  return session.value?.permissions.includes("make_visits") ?? false;
}

/** Read everything anew whenever somebody is there, and in the language that they chose; again where nobody answered. */
export function begin(): void {
  effect(() => {
    const spoken = locale.value;
    if (session.value) void load(spoken);
  });
  effect(() => {
    if (lack.value !== "away") return;
    const asking = setInterval(() => session.peek() && void load(locale.peek()), AGAIN_MS);
    return () => clearInterval(asking);
  });
  addEventListener("popstate", () => {
    paper.value = PAPER.test(location.pathname);
    const named = monthInAddress();
    if (named !== null) show(named);
  });
}

/** Forget what was shown: somebody else may sit down. */
export function forget(): void {
  wanted = null;
  batch(() => {
    indicators.value = [];
    versions.value = [];
    report.value = null;
    trend.value = null;
    followed.value = null;
    overdue.value = undefined;
    lack.value = null;
  });
}

const [loads, months, duties] = [asking(), asking(), asking()];
/** The month that was asked for last; it may not be there yet. */
let wanted: string | null = null;

async function load(spoken: string): Promise<void> {
  const mayShow = loads.ask(spoken);
  const found = await ask(
    Promise.all([
      api.read<{ readonly indicators: readonly Indicator[] }>(`/report/indicators?locale=${spoken}`),
      api.read<{ readonly months: readonly MonthVersion[] }>("/report/months"),
      api.read<Trend>("/report/trend"),
    ]),
  );
  if (!mayShow()) return;
  if (typeof found === "string") {
    lack.value = found;
    return;
  }
  const [told, counted, year] = found;
  const all = [...new Set([...monthsOf(counted.months), ...year.months.map((one) => one.month)])].sort().reverse();
  batch(() => {
    indicators.value = told.indicators;
    versions.value = counted.months;
    trend.value = year;
    known.value = all;
  });
  const named = monthInAddress() ?? wanted ?? month.peek() ?? all[0] ?? null;
  if (named === null) lack.value = "nothing";
  else await read(named, spoken);
  if (overdue.peek() === undefined && mayLeadVisits()) await askOverdue();
}

/** Show another month; until it is there nothing stands under its name. */
export function show(first: string): void {
  if (first !== month.peek()) {
    batch(() => {
      month.value = first;
      report.value = lack.value = followed.value = null;
    });
  }
  void read(first, locale.peek());
}

async function read(first: string, spoken: string): Promise<void> {
  wanted = first;
  const mayShow = months.ask(`${first} ${spoken}`);
  const cuts = ["all", ...CUTS, "slot"].map((one) => `cut=${one}`).join("&");
  const found = await ask(api.read<Report>(`/report/months/${first.slice(0, 7)}?${cuts}&locale=${spoken}`));
  if (!mayShow()) return;
  batch(() => {
    month.value = first;
    report.value = typeof found === "string" ? null : found;
    lack.value = typeof found === "string" ? found : null;
    if (typeof found !== "string") cut.value = cutFor(found);
  });
}

/** A city is cut by its counties first, a county by its towns. */
function cutFor(found: Report): Cut {
  return Object.keys(found.labels.county ?? {}).length > 1 ? "county" : cut.peek() === "county" ? "town" : cut.peek();
}

/** Open the rows behind a figure; the server writes down whose they were. */
export async function follow(indicator: string, by: Cut, of: string, missed: boolean): Promise<void> {
  followed.value = { indicator, cut: by, of, missed, rows: undefined, next: null, lack: null };
  await more();
}

/** Ask for the rows behind those that are shown. */
export async function more(): Promise<void> {
  const one = followed.peek();
  const first = month.peek();
  if (one === null || first === null) return;
  const asking = new URLSearchParams({ indicator: one.indicator, cut: one.cut, of: one.of, limit: String(ROWS_AT_ONCE) });
  if (one.missed) asking.set("missed", "true");
  if (one.next !== null) asking.set("cursor", one.next);
  const found = await ask(
    api.read<components["schemas"]["RowPage"]>(`/report/months/${first.slice(0, 7)}/rows?${asking}`),
  );
  if (followed.peek() !== one) return;
  followed.value =
    typeof found === "string"
      ? { ...one, rows: one.rows ?? [], next: null, lack: found }
      : { ...one, rows: [...(one.rows ?? []), ...found.items], next: found.next, lack: null };
}

async function askOverdue(): Promise<void> {
  const mayShow = duties.ask();
  const found = await ask(api.read<components["schemas"]["DutyPage"]>(`/visits/duty?within_days=0&limit=${OVERDUE_SHOWN}`));
  if (mayShow()) overdue.value = typeof found === "string" ? found : { people: found.items, more: found.next !== null };
}

/** The answer, or why there is none. A session that ended leads back to the sign-in. */
async function ask<T>(question: Promise<T>): Promise<T | Lack> {
  try {
    return await question;
  } catch (error) {
    if (!(error instanceof Refused) || error.status >= SERVER_ERROR) return "away";
    if (error.status === 401) session.value = null;
    return error.status === NOT_FOUND ? "nothing" : "refused";
  }
}

function monthInAddress(): string | null {
  const found = PAPER.exec(location.pathname);
  return found === null ? null : `${found[1]}-01`;
}

/** Turn to the report on paper, or back to the screen. */
export function turn(toPaper: boolean): void {
  const first = month.peek();
  if (first === null) return;
  history.pushState(null, "", toPaper ? `/kpi/report/${first.slice(0, 7)}` : "/kpi/");
  paper.value = toPaper;
}

/** Where the month stands as a file. */
export function fileAddress(first: string, form: "csv" | "xlsx", spoken: string): string {
  return `/api/v1/report/months/${first.slice(0, 7)}/file?form=${form}&locale=${spoken}`;
}
