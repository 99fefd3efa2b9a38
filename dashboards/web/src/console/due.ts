/**
 * Who is owed a visit within two days, and in no plan; and what became of the plans of today and tomorrow.
 *
 * What this is: signals, the calls that fill them, and what several plans come to. What it is not: a plan; one is asked for
 * here and made by the platform within minutes. Read when the page is opened or asked, and it says when that was.
 */
import { batch, signal } from "@preact/signals";
import { createTransport, Refused } from "@/core/api";
import { locale } from "@/core/i18n";
import type { components } from "@/core/schema";
import { send } from "@/sign/send";
import { asking, personal } from "@/sign/session";
import { notify } from "@/ui/notices";
import { dayOf } from "./home/order";
import { nowMs } from "./model";
import { t } from "./words";

type Schemas = components["schemas"];
export type DueView = Schemas["cloud__visits__duties__views__DutyView"];
export type PlanView = Schemas["PlanView"];
export interface Due {
  readonly rows: readonly DueView[];
  /** There are more than these. */
  readonly more: boolean;
  /** When it was read, ms. */
  readonly atMs: number;
}
/** What the plans of one day come to: of each township the last that was asked for. */
export interface Planned {
  readonly townships: number;
  readonly pending: number;
  readonly visits: number;
  readonly left: number;
  /** Townships whose plan broke a rule, so that nothing of it was kept. */
  readonly faulty: number;
}

const WITHIN_DAYS = 2;
const MOST_ROWS = 100;
const DAY_MS = 86_400_000;

const transport = createTransport();
export const due = personal<Due | null>(null);
/** Of today and tomorrow. */
export const planned = personal<readonly Planned[]>([]);
const questions = asking();
/** Why the last read gave nothing; `null`: it did. */
export const failed = signal<"refused" | "unread" | null>(null);

/** Today and tomorrow, by the clock of this place. */
export const days = (): readonly string[] => [0, DAY_MS].map((ahead) => dayOf(new Date(nowMs.peek() + ahead)));

/** Read the list, its sentences in the language of the page, and what became of the plans. */
export async function readDue(): Promise<void> {
  const asked = new URLSearchParams({ within_days: `${WITHIN_DAYS}`, unplanned: "true", limit: `${MOST_ROWS}`, locale: locale.peek() });
  const mayShow = questions.ask(locale.peek());
  try {
    const [found, ...plans] = await Promise.all([
      transport.once<Schemas["DutyPage"]>("GET", `/visits/duty?${asked.toString()}`),
      ...days().map((day) => transport.once<Schemas["PlanList"]>("GET", `/visits/plans?day=${day}`)),
    ]);
    if (!mayShow()) return;
    batch(() => {
      due.value = { rows: found.items, more: found.next !== null, atMs: nowMs.peek() };
      planned.value = plans.map((one) => summed(one.plans));
      failed.value = null;
    });
  } catch (error) {
    if (mayShow()) failed.value = error instanceof Refused ? "refused" : "unread";
  }
}

/** Have a day planned anew, in every township in which somebody may be sent. */
export async function plan(day: string): Promise<void> {
  const refused = await send(async () => {
    const { plans } = await transport.command<Schemas["PlanList"]>("/visits/plans", { day });
    notify(t(plans.length === 0 ? "due_list.nobody" : "due_list.asked"), plans.length === 0);
  });
  if (refused === null) await readDue();
}

export function summed(plans: readonly PlanView[]): Planned {
  const last = new Map<string, PlanView>();
  for (const one of plans) if (one.id > (last.get(one.township)?.id ?? 0)) last.set(one.township, one);
  const all = [...last.values()];
  const sum = (of: (one: PlanView) => number) => all.reduce((so, one) => so + of(one), 0);
  return {
    townships: all.length,
    pending: sum((one) => Number(one.made_at === null)),
    visits: sum((one) => one.appointments ?? 0),
    left: sum((one) => one.left_out ?? 0),
    faulty: sum((one) => Number(one.faults.length > 0)),
  };
}
