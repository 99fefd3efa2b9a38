/**
 * Who is owed a visit within two days, and in no plan.
 *
 * What this is: signals, and the calls that fill them. What it is not: a plan; one is asked for here and made by the
 * platform within minutes. Read when the page is opened or asked, and it says when that was.
 */
import { signal } from "@preact/signals";
import { createTransport, Refused } from "@/core/api";
import { locale } from "@/core/i18n";
import type { components } from "@/core/schema";
import { send } from "@/sign/send";
import { asking, personal } from "@/sign/session";
import { notify } from "@/ui/notices";
import { nowMs } from "./model";
import { t } from "./words";

export type DueView = components["schemas"]["cloud__visits__duties__views__DutyView"];
export interface Due {
  readonly rows: readonly DueView[];
  /** There are more than these. */
  readonly more: boolean;
  /** When it was read, ms. */
  readonly atMs: number;
}

const WITHIN_DAYS = 2;
const MOST_ROWS = 100;

const transport = createTransport();
export const due = personal<Due | null>(null);
const questions = asking();
/** Why the last read gave nothing; `null`: it did. */
export const failed = signal<"refused" | "unread" | null>(null);

/** Read the list, its sentences in the language of the page. */
export async function readDue(): Promise<void> {
  const asked = new URLSearchParams({ within_days: `${WITHIN_DAYS}`, unplanned: "true", limit: `${MOST_ROWS}`, locale: locale.peek() });
  const mayShow = questions.ask(locale.peek());
  try {
    const found = await transport.once<components["schemas"]["DutyPage"]>("GET", `/visits/duty?${asked.toString()}`);
    if (!mayShow()) return;
    due.value = { rows: found.items, more: found.next !== null, atMs: nowMs.peek() };
    failed.value = null;
  } catch (error) {
    if (mayShow()) failed.value = error instanceof Refused ? "refused" : "unread";
  }
}

/** Have a day planned anew, in every township. */
export async function plan(day: string): Promise<void> {
  const refused = await send(async () => void (await transport.command("/visits/plans", { day })));
  if (refused === null) notify(t("due_list.asked"));
}
