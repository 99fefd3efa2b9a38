/** A sheet of door tags for a place: made, shown once, and printed to cut out. */
import { useSignal } from "@preact/signals";
import { Button } from "@/ui/parts";
import { Form } from "./form";
import { t } from "./words";
import { http, type Schemas } from "./wire";

type Sheet = Schemas["Sheet"];

export function Tags() {
  const asking = useSignal(false);
  const drawn = useSignal<Sheet | null>(null);
  return (
    <>
      <section class="panel block unprinted">
        <p class="quiet">{t("tags.about")}</p>
        <div class="toolbar">
          {drawn.value !== null && <p role="status">{said(drawn.value)}</p>}
          <span class="spring" />
          {(drawn.value?.labels.length ?? 0) > 0 && <Button icon="note" onClick={() => print()}>{t("print")}</Button>}
          <Button kind="primary" onClick={() => (asking.value = true)}>{t("tags.draw")}</Button>
        </div>
      </section>
      {drawn.value !== null && <Labels sheet={drawn.value} />}
      {asking.value && <Ask onDrawn={(sheet) => (drawn.value = sheet)} onClose={() => (asking.value = false)} />}
    </>
  );
}

function said({ labels, more }: Sheet): string {
  if (labels.length === 0) return t("tags.none");
  return [t("tags.drawn", { n: labels.length }), more ? t("tags.more") : ""].join(" ");
}

function Ask({ onDrawn, onClose }: { onDrawn: (sheet: Sheet) => void; onClose: () => void }) {
  return (
    <Form
      title={t("tags.sheet")}
      fields={[{ name: "division", is: "division", wide: true, hint: "hint.division" }, { name: "again", is: "flag", hint: "hint.again" }]}
      action={t("tags.draw")}
      save={async (values) => onDrawn(await http.command<Sheet>("POST", "/visits/tags/sheet", values))}
      onClose={onClose}
    />
  );
}

/** What stands on a label may be read by anybody who finds one. */
function Labels({ sheet }: { sheet: Sheet }) {
  return (
    <ul class="labels" aria-label={t("tags.sheet")}>
      {sheet.labels.map((label) => (
        <li key={label.id}>
          <img src={label.qr} alt={t("tags.code", { name: label.home })} />
          <b>{label.home}</b>
          <span lang="zh-Hans">安伴</span>
        </li>
      ))}
    </ul>
  );
}
