/**
 * The points of an assessment while it is filled in (GB/T 42195-2022).
 *
 * What this is: a sum over the items and bounds that the server names. What it is not: the level: that is what the
 * server answers with, and what moved it. The one idea: the worker sees where the points lead before they sign.
 */
import type { components } from "@/core/schema";

export type AbilityForm = components["schemas"]["AbilityForm"];
export type AbilityItem = components["schemas"]["ItemView"];
export type Points = Readonly<Record<string, number>>;

export interface Sum {
  readonly answered: number;
  readonly total: number;
  readonly most: number;
  /** Points of each domain, in the order of the form, with the most there can be. */
  readonly domains: readonly { readonly domain: string; readonly points: number; readonly most: number }[];
  /** By points alone; `null` while something is missing. */
  readonly level: number | null;
}

export function sum(form: AbilityForm, points: Points): Sum {
  const domains = domainsOf(form).map(({ domain, items }) => ({ domain, points: total(items, points), most: total(items) }));
  const answered = form.items.filter((item) => points[item.key] !== undefined).length;
  const reached = total(form.items, points);
  const level = form.levels.find((one) => reached >= one.least)?.level ?? null;
  return { answered, total: reached, most: total(form.items), domains, level: answered === form.items.length ? level : null };
}

export function domainsOf(form: AbilityForm): { readonly domain: string; readonly items: readonly AbilityItem[] }[] {
  const names = [...new Set(form.items.map((item) => item.domain))];
  return names.map((domain) => ({ domain, items: form.items.filter((item) => item.domain === domain) }));
}

function total(items: readonly AbilityItem[], points?: Points): number {
  return items.reduce((sum, item) => sum + (points === undefined ? item.best : (points[item.key] ?? 0)), 0);
}
