/** Whose visit is overdue, the longest first; without names until one opens a home. */
import { LANGUAGES, locale } from "@/core/i18n";
import { Icon } from "@/ui/icons";
import { formatDay } from "./figures";
import { Lacking } from "./lacking";
import { mayLeadVisits, overdue, type Duty } from "./model";
import { t, term } from "./words";

const DAY_MS = 86_400_000;

export function Overdue() {
  if (!mayLeadVisits()) return null;
  const found = overdue.value;
  return (
    <section class="panel overdue" aria-labelledby="overdue-title">
      <h2 id="overdue-title">{t("overdue.title")}</h2>
      {found === undefined ? <p role="status">{t("app.loading")}</p> : typeof found === "string" ? <Lacking why={found} /> : <People {...found} />}
    </section>
  );
}

function People({ people, more }: { people: readonly Duty[]; more: boolean }) {
  if (people.length === 0) return <p class="lacking">{t("overdue.none")}</p>;
  return (
    <>
      <p class="quiet">{t("overdue.now")}{more && ` ${t("overdue.more", { n: people.length })}`}</p>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("overdue.home")}</th>
              <th scope="col">{t("overdue.group")}</th>
              <th scope="col">{t("overdue.reason")}</th>
              <th scope="col">{t("overdue.due")}</th>
              <th scope="col" class="number">{t("overdue.late")}</th>
              <th scope="col">{t("overdue.planned")}</th>
            </tr>
          </thead>
          <tbody>{people.map((one) => <Person key={one.resident_id} one={one} />)}</tbody>
        </table>
      </div>
    </>
  );
}

function Person({ one }: { one: Duty }) {
  const tag = LANGUAGES[locale.value].tag;
  const late = Math.max(0, Math.floor((Date.now() - Date.parse(one.due_at)) / DAY_MS));
  return (
    <tr>
      <th scope="row"><a class="way" href={`/console/homes/${one.home_id}`}><Icon name="door" />{t("rows.home", { n: one.home_id })}</a></th>
      <td>{term("group_of", one.group)}</td>
      <td>{term("reason", one.reason)}</td>
      <td>{formatDay(one.due_at, tag)}</td>
      <td class="number digits">{t("overdue.days", { n: late })}</td>
      <td>{one.planned_at === null ? t("overdue.nobody") : formatDay(one.planned_at, tag)}</td>
    </tr>
  );
}
