/** Who may be sent to visits: from where and when, how they travel, and what they are able to do. Plans of a day are made of them. */
import { useSignal } from "@preact/signals";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import { clockOf, type Field } from "./fields";
import { Form } from "./form";
import { changes, Table, useList } from "./table";
import { t, term } from "./words";
import { http } from "./wire";
import { ABLE, bodyOf, valuesBefore, type Worker } from "./worker";

const WHO: Field = { name: "staff_id", is: "named", among: "staff" };
const WHEN: readonly Field[] = [
  { name: "township", is: "division", hint: "hint.township" },
  { name: "begin_min", is: "clock" },
  { name: "end_min", is: "clock" },
  { name: "mode", is: "choice", of: ["walk", "bike", "car"], words: "mode" },
  { name: "latitude", is: "number", least: -90, most: 90, hint: "hint.wgs84" },
  { name: "longitude", is: "number", least: -180, most: 180, hint: "hint.begins_here" },
  { name: "skills", is: "choices", of: ABLE, words: "able", optional: true },
  { name: "rests", is: "flag" },
];
type Open = { readonly of: Worker | null };

export function Workers() {
  const open = useSignal<Open | null>(null);
  const list = useList<Worker>("/visits/workers", {}, "workers");
  return (
    <section class="panel block">
      <p class="quiet">{t("workers.about")}</p>
      <div class="toolbar"><span class="spring" /><Button kind="primary" onClick={() => (open.value = { of: null })}>{t("workers.add")}</Button></div>
      <Table
        label={t("part.workers")}
        list={list}
        keyOf={(one) => one.staff_id}
        columns={[
          { name: "name", show: (one) => one.name },
          { name: "division", show: (one) => <span class="digits">{one.township}</span> },
          { name: "working", show: (one) => <span class="digits">{clockOf(one.begin_min)}–{clockOf(one.end_min)}</span> },
          { name: "mode", show: (one) => term("mode", one.mode) },
          { name: "able", show: (one) => one.skills.map((skill) => term("able", skill)).join(" · ") || "—" },
        ]}
        actions={(one) => <Button label={t("record.change_one", { name: one.name })} onClick={() => (open.value = { of: one })}>{t("record.change")}</Button>}
        empty={t("workers.none")}
      />
      {open.value !== null && <Edit of={open.value.of} onClose={() => (open.value = null)} />}
    </section>
  );
}

function Edit({ of, onClose }: { of: Worker | null; onClose: () => void }) {
  return (
    <Form
      title={of === null ? t("workers.add") : t("record.change_one", { name: of.name })}
      fields={of === null ? [WHO, ...WHEN] : WHEN}
      before={valuesBefore(of)}
      action={t("record.save")}
      refusals={{ value_error: "workers.order" }}
      save={async (values) => {
        await http.command("PUT", `/visits/workers/${of?.staff_id ?? String(values["staff_id"])}`, bodyOf(values));
        changes.value += 1;
        notify(t("workers.kept"));
      }}
      onClose={onClose}
    />
  );
}
