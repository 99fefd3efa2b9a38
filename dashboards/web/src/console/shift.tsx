/** `/console/shift`: whoever goes writes, whoever comes reads back each open item and signs. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { LANGUAGES, locale } from "@/core/i18n";
import { formatMoment } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Age, Button, PriorityTag } from "@/ui/parts";
import { give, readShift, sending, shift, take, unread, type Handover, type Shift } from "./desk";
import "./desk.css";
import { nowMs, openIncidents } from "./model";
import { t, term } from "./words";

const NOTE_MOST = 4_000; // characters, as the server has it

export function ShiftPage() {
  useEffect(() => void readShift(), []);
  const known = shift.value;
  return (
    <main class="desk-page">
      {unread.value && <p class="desk-old" role="alert">{t("desk.unread")} <Button onClick={() => void readShift()}>{t("desk.again")}</Button></p>}
      {known === null ? <p class="quiet">{t("app.loading")}</p> : (
        <>
          <section class="panel" aria-labelledby="shift-come"><h2 id="shift-come">{t("shift.come")}</h2><Waiting known={known} /></section>
          <section class="panel" aria-labelledby="shift-go"><h2 id="shift-go">{t("shift.go")}</h2><Write known={known} /></section>
          <section class="panel wide" aria-labelledby="shift-past"><h2 id="shift-past">{t("shift.past")}</h2><Past past={known.past} /></section>
        </>
      )}
    </main>
  );
}

/** What waits to be taken: the note, then every open item to be ticked, then the name. */
function Waiting({ known }: { known: Shift }) {
  const said = useSignal<ReadonlySet<number>>(new Set());
  const { waiting, open } = known;
  if (waiting === null) return <p class="quiet">{t("shift.none")}</p>;
  const left = open.filter((one) => !said.value.has(one.id)).length;
  const flip = (id: number) => {
    const next = new Set(said.value);
    if (!next.delete(id)) next.add(id);
    said.value = next;
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); void take(waiting.id, [...said.value]); }}>
      <p><b>{waiting.given_by}</b> <span class="quiet">{moment(waiting.given_at)}</span></p>
      <p class="note">{waiting.note || t("shift.no_note")}</p>
      <fieldset>
        <legend>{open.length === 0 ? t("shift.nothing_open") : t("shift.read_back", { n: open.length })}</legend>
        {open.map((one) => (
          <label key={one.id} class="choice">
            <input type="checkbox" checked={said.value.has(one.id)} disabled={waiting.mine} onChange={() => flip(one.id)} />
            <PriorityTag priority={one.priority} />
            <span><b>{term("kind", one.kind)}</b> {one.resident} · {term("state", one.state)}{one.owner === null ? "" : ` · ${one.owner}`}</span>
            <Age since={one.opened_at} now={nowMs.value} />
          </label>
        ))}
      </fieldset>
      {waiting.mine ? <p class="quiet">{t("shift.mine")}</p> : (
        <footer>
          {left > 0 && <span class="quiet">{t("shift.left", { n: left })}</span>}
          <Button kind="primary" type="submit" icon="check" disabled={left > 0 || sending.value}>{t("shift.take")}</Button>
        </footer>
      )}
    </form>
  );
}

function Write({ known }: { known: Shift }) {
  const note = useSignal("");
  const write = async (event: SubmitEvent) => {
    event.preventDefault();
    if (await give(note.value.trim())) note.value = "";
  };
  return (
    <form onSubmit={(event) => void write(event)}>
      <p class="quiet">{t("shift.goes_along", { n: openIncidents.value.length })}</p>
      <label class="field">
        {t("shift.note")}
        <textarea rows={6} maxLength={NOTE_MOST} value={note.value} onInput={(event) => (note.value = event.currentTarget.value)} />
      </label>
      {known.waiting !== null && <p class="quiet">{t("shift.replaces", { who: known.waiting.given_by })}</p>}
      <footer><Button kind="primary" type="submit" icon="send" disabled={sending.value}>{t("shift.give")}</Button></footer>
    </form>
  );
}

function Past({ past }: { past: readonly Handover[] }) {
  if (past.length === 0) return <p class="quiet">{t("shift.no_past")}</p>;
  return (
    <table>
      <thead><tr><th>{t("shift.when")}</th><th>{t("shift.from")}</th><th>{t("shift.to")}</th><th>{t("shift.items")}</th><th>{t("shift.note_short")}</th></tr></thead>
      <tbody>
        {past.map((one) => (
          <tr key={one.id} class={one.withdrawn_at === null ? "" : "over"}>
            <td><time dateTime={one.given_at}>{moment(one.given_at)}</time></td>
            <td>{one.given_by}</td>
            <td>{one.taken_by === null ? t("shift.withdrawn") : <><Icon name="check" size={16} /> {one.taken_by} <span class="quiet">{moment(one.taken_at ?? one.given_at)}</span></>}</td>
            <td class="digits">{one.items.length}</td>
            <td class="note">{one.note}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function moment(iso: string): string {
  return formatMoment(iso, LANGUAGES[locale.value].tag);
}
