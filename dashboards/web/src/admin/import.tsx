/**
 * Residents from a sheet: choose a file, read what is wrong row by row, and take it in once nothing is.
 *
 * The one idea: what is said is about the file that is named, so no other can be chosen while one is read.
 */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Refused } from "@/core/api";
import { Newest } from "@/core/newest";
import { explain, sending } from "@/sign/send";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { encode, formOf, MOST_BYTES, template, type Form } from "./sheet";
import { changes } from "./table";
import { t, term, type Key } from "./words";
import { http, type Schemas } from "./wire";

type Taken = Schemas["SheetTaken"];

interface Chosen {
  readonly name: string;
  readonly form: Form;
  readonly content: string;
}

const LIMIT_MS = 120_000; // a county's file is read, judged and written
const REFUSALS: Readonly<Record<string, Key>> = { file_unreadable: "sheet.unreadable", file_too_large: "sheet.too_large", file_empty: "sheet.empty", busy: "sheet.busy" };

export function Import() {
  const chosen = useSignal<Chosen | null>(null);
  const answer = useSignal<Taken | null>(null);
  const failure = useSignal<Key | null>(null);
  const files = useMemo(() => new Newest(), []);

  async function send(file: Chosen, trial: boolean): Promise<void> {
    if (sending.value) return;
    sending.value = true;
    failure.value = null;
    try {
      const path = `/register/residents/sheet?dry_run=${trial}`;
      const body = { form: file.form, content: file.content };
      answer.value = trial ? await http.ask<Taken>("POST", path, body, LIMIT_MS) : await http.command<Taken>("POST", path, body, LIMIT_MS);
      if (answer.value.loaded) changes.value += 1;
    } catch (error) {
      answer.value = null;
      const known = error instanceof Refused ? REFUSALS[error.code] : undefined;
      failure.value = known ?? explain(error);
    } finally {
      sending.value = false;
    }
  }

  async function choose(file: File | undefined): Promise<void> {
    answer.value = null;
    chosen.value = null;
    failure.value = null;
    const mayShow = files.ask();
    if (file === undefined) return;
    const form = formOf(file.name);
    if (form === null || file.size > MOST_BYTES) {
      failure.value = form === null ? "sheet.unreadable" : "sheet.too_large";
      return;
    }
    const content = encode(new Uint8Array(await file.arrayBuffer()));
    if (!mayShow()) return;
    chosen.value = { name: file.name, form, content };
    await send(chosen.value, true);
  }

  const found = answer.value;
  return (
    <section class="panel block import">
      <p>{t("sheet.about")}</p>
      <div class="toolbar">
        <label class="button primary file">
          <Icon name="up" />
          {t("sheet.choose")}
          <input type="file" accept=".csv,.xlsx" disabled={sending.value} onChange={(event) => void choose(event.currentTarget.files?.[0])} />
        </label>
        <Button icon="file" onClick={save}>{t("sheet.template")}</Button>
        {chosen.value !== null && <span class="chosen" role="status">{chosen.value.name}</span>}
      </div>
      <p class="failure" role="alert">{failure.value && t(failure.value)}</p>
      {sending.value && <p class="quiet" role="status">{t("sheet.reading")}</p>}
      {found !== null && !sending.value && <Found found={found} onTake={() => chosen.value !== null && void send(chosen.value, false)} />}
    </section>
  );
}

/** Give the template to the browser as a file. */
function save(): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([template()], { type: "text/csv" }));
  link.download = `${t("sheet.template_name")}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Found({ found, onTake }: { found: Taken; onTake: () => void }) {
  const bad = new Set(found.faults.map((fault) => fault.row)).size;
  return (
    <>
      {found.loaded && <p class="verdict good"><Icon name="check" size={26} />{t("sheet.taken", { n: found.homes })}</p>}
      {!found.loaded && found.faults.length === 0 && (
        <div class="verdict good">
          <p><Icon name="check" size={26} />{t("sheet.good", { n: found.homes, contacts: found.contacts })}</p>
          <Button kind="primary" onClick={onTake}>{t("sheet.take", { n: found.homes })}</Button>
        </div>
      )}
      {found.faults.length > 0 && <p class="verdict bad" role="alert">{t("sheet.bad", { bad, n: found.homes })}</p>}
      {found.ignored.length > 0 && <p class="quiet">{t("sheet.ignored", { names: found.ignored.join("、") })}</p>}
      {found.faults.length > 0 && <Faults found={found} />}
    </>
  );
}

function Faults({ found }: { found: Taken }) {
  return (
    <div class="table" role="region" aria-label={t("sheet.faults")} tabIndex={0}>
      <table>
        <thead><tr><th scope="col">{t("column.row")}</th><th scope="col">{t("column.field")}</th><th scope="col">{t("column.wrong")}</th></tr></thead>
        <tbody>
          {found.faults.map((fault, at) => (
            <tr key={at}>
              <th scope="row" class="digits">{fault.row === 0 ? t("sheet.whole") : fault.row}</th>
              <td>{fault.heading || (fault.column === "" ? "—" : term("sheet_column", fault.column))}</td>
              <td>{t(`sheet_rule.${fault.rule}`, { detail: fault.detail })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
