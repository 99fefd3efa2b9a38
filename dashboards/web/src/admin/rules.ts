/**
 * What the server says of a field, in the reader's language.
 *
 * What this is: a table of the rules that it words in English for programs. What it is not: a rule. A rule that this
 * page does not know is shown as it came: better in English than not at all.
 */
import type { Field } from "./fields";
import { t, type Key } from "./words";

const RULES: readonly (readonly [RegExp, Key])[] = [
  [/^Field required$|^missing$|^string_too_short$|^too_short$/, "rule.required"],
  [/^not_chosen$/, "rule.not_chosen"],
  [/of length >= 1$/, "rule.required"],
  [/of length >= (?<n>\d+)$/, "rule.short"],
  [/of length <= (?<n>\d+)$/, "rule.long"],
  [/>= (?<n>-?[\d.]+)$/, "rule.least"],
  [/<= (?<n>-?[\d.]+)$/, "rule.most"],
  [/^Expected `(?:int|float|number)/, "rule.number"],
  [/^(?:int|float|decimal)_/, "rule.number"],
  [/^(?:greater|less)_than/, "rule.bounds"],
  [/^string_too_long$|^too_long$/, "rule.too_long"],
  [/^(?:literal_error|enum)$/, "rule.choice"],
  [/^(?:datetime|date|time|timezone)_/, "rule.moment"],
  [/matching regex$|^string_pattern_mismatch$/, "rule.form"],
  [/There is no such division/, "rule.division"],
  [/division .* is not listed/, "rule.division"],
  [/Invalid enum value/, "rule.choice"],
  [/Control characters|control characters/, "rule.control"],
  [/an ID number has 18 digits/, "rule.id_form"],
  [/holds no date of birth/, "rule.id_birth"],
  [/check digit/, "rule.id_check"],
  [/there is no home (?<n>.+)$/, "rule.home"],
  [/secret must have 16-72 bytes/, "rule.secret"],
  [/gateway id .* is not valid|\[A-Za-z0-9-\]/, "rule.gateway_id"],
  [/phone is /, "rule.phone"],
  [/time_zone/, "rule.time_zone"],
  [/names it outside and stays/, "rule.fixed"],
  [/^value_error$/, "rule.together"],
];

/** The sentence for `rule`; of a place every other rule means that there is none of that code. */
export function explainRule(rule: string, of?: Field["is"]): string {
  for (const [pattern, key] of RULES) {
    const found = pattern.exec(rule);
    if (found !== null) return t(of === "division" && key === "rule.form" ? "rule.division" : key, { n: found.groups?.["n"] ?? "" });
  }
  return rule;
}
