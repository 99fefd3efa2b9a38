/** The rows behind a figure. Whoever opens them is written down; names stand only in the home itself. */
import { LANGUAGES, locale } from "@/core/i18n";
import { Icon } from "@/ui/icons";
import { Button, Dialog } from "@/ui/parts";
import { formatSum, type Row } from "./figures";
import { Lacking } from "./lacking";
import { follow, followed, indicators, more, report, type Followed } from "./model";
import { t } from "./words";

export function Rows() {
  const one = followed.value;
  if (one === null) return null;
  const indicator = indicators.value.find((known) => known.name === one.indicator);
  const label = one.cut === "all" ? "" : ` · ${report.value?.labels[one.cut]?.[one.of] ?? one.of}`;
  return (
    <Dialog title={`${indicator?.title ?? one.indicator}${label}`} onClose={() => (followed.value = null)}>
      <div class="rows">
        <p class="quiet">{t("rows.audited")}</p>
        {indicator && <p>{t("tables.of", { numerator: indicator.numerator, denominator: indicator.denominator })}</p>}
        <fieldset class="cuts">
          <legend class="unseen">{t("rows.which")}</legend>
          {([true, false] as const).map((missed) => (
            <label key={String(missed)} class="pick">
              <input type="radio" name="missed" checked={one.missed === missed} onChange={() => void follow(one.indicator, one.cut, one.of, missed)} />
              <span>{t(missed ? "rows.missed" : "rows.all")}</span>
            </label>
          ))}
        </fieldset>
        <Found one={one} />
      </div>
    </Dialog>
  );
}

function Found({ one }: { one: Followed }) {
  if (one.rows === undefined) return <p role="status">{t("app.loading")}</p>;
  if (one.lack !== null) return <Lacking why={one.lack} />;
  if (one.rows.length === 0) return <p class="lacking">{t(one.missed ? "rows.none_missed" : "rows.none")}</p>;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("rows.what")}</th>
            <th scope="col">{t("rows.where")}</th>
            <th scope="col">{t("rows.when")}</th>
            <th scope="col" class="number">{t("column.fraction")}</th>
          </tr>
        </thead>
        <tbody>{one.rows.map((row) => <Line key={`${row.of} ${row.record}`} row={row} kinds={report.value?.labels.kind ?? {}} />)}</tbody>
      </table>
      {one.next !== null && <footer><Button onClick={() => void more()}>{t("rows.more")}</Button></footer>}
    </>
  );
}

function Line({ row, kinds }: { row: Row; kinds: Readonly<Record<string, string>> }) {
  const tag = LANGUAGES[locale.value].tag;
  return (
    <tr>
      <th scope="row"><Way row={row} kinds={kinds} /></th>
      <td title={row.division}>{row.area}</td>
      <td>{row.at === null ? "–" : new Intl.DateTimeFormat(tag, { dateStyle: "short", timeStyle: "short" }).format(new Date(row.at))}</td>
      <td class="number digits">{`${formatSum(row.numerator, tag)} / ${formatSum(row.denominator, tag)}`}</td>
    </tr>
  );
}

function Way({ row, kinds }: { row: Row; kinds: Readonly<Record<string, string>> }) {
  if (row.of === "incident") {
    const kind = row.kind === null ? "" : ` ${kinds[row.kind] ?? row.kind}`;
    return <a class="way" href={`/console/i/${row.record}`}><Icon name="siren" />{t("rows.incident", { n: row.record })}{kind}</a>;
  }
  return <a class="way" href={`/console/homes/${row.home_id}`}><Icon name="door" />{t("rows.home", { n: row.home_id })}</a>;
}
