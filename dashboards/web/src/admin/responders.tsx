/** Who may be called to a door: how they are reached, what they are to a home, and when they are on duty. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Newest } from "@/core/newest";
import { formatMoment } from "@/core/time";
import { formatPhone } from "@/core/phone";
import { explain } from "@/sign/send";
import { notify } from "@/ui/notices";
import { Button, Dialog } from "@/ui/parts";
import type { Field, Values } from "./fields";
import { Form } from "./form";
import { LOCALES } from "./kinds";
import { changes, Table, useList } from "./table";
import { tag } from "./tag";
import { t, term } from "./words";
import { http, type Schemas } from "./wire";

type Responder = Schemas["ResponderView"];
type Open = { readonly is: "new" } | { readonly is: "change" | "ties" | "shifts" | "withdraw"; readonly of: Responder };

const KIND = ["neighbour", "volunteer", "warden", "doctor", "worker"] as const;
const DAYS = ["1", "2", "3", "4", "5", "6", "7"] as const;

const REACH: readonly Field[] = [
  { name: "phone", is: "text" },
  { name: "mode", is: "choice", of: ["walk", "run", "bike", "car"], words: "mode" },
  { name: "latitude", is: "number", least: -90, most: 90, optional: true, hint: "hint.wgs84" },
  { name: "longitude", is: "number", least: -180, most: 180, optional: true },
  { name: "days", is: "choices", of: DAYS, words: "weekday", number: true },
  { name: "from_min", is: "clock" },
  { name: "to_min", is: "clock", hint: "hint.to_min" },
  { name: "skills", is: "lines", optional: true, hint: "hint.skills" },
  { name: "locale", is: "choice", of: LOCALES, words: "locale" },
];
const NEW: readonly Field[] = [
  { name: "kind", is: "choice", of: KIND, words: "near" },
  { name: "name", is: "text", optional: true, hint: "hint.responder_name" },
  { name: "staff_id", is: "named", among: "staff", optional: true, hint: "hint.staff_id" },
  { name: "consent_how", is: "choice", of: ["paper", "voice", "screen"], words: "how", optional: true },
];
const ALWAYS: Values = { days: [1, 2, 3, 4, 5, 6, 7], from_min: 0, to_min: 1_439 };

export function Responders() {
  const kind = useSignal("");
  const open = useSignal<Open | null>(null);
  const list = useList<Responder>("/responders", { kind: kind.value });
  const close = () => (open.value = null);
  return (
    <section class="panel block">
      <p class="quiet">{t("responders.about")}</p>
      <div class="toolbar">
        <label class="sort">
          <span>{t("column.kind")}</span>
          <select value={kind.value} onChange={(event) => (kind.value = event.currentTarget.value)}>
            <option value="">{t("responders.every")}</option>
            {KIND.map((one) => <option key={one} value={one}>{term("near", one)}</option>)}
          </select>
        </label>
        <span class="spring" />
        <Button kind="primary" onClick={() => (open.value = { is: "new" })}>{t("responders.add")}</Button>
      </div>
      <Table
        label={t("part.responders")}
        list={list}
        keyOf={(one) => one.id}
        columns={[
          { name: "name", show: (one) => one.name },
          { name: "kind", show: (one) => term("near", one.kind) },
          { name: "phone", show: (one) => <span class="digits">{formatPhone(one.phone)}</span> },
          { name: "mode", show: (one) => term("mode", one.mode) },
          { name: "duty", show: (one) => (one.kind === "worker" ? t(one.on_duty === true ? "duty.on" : "duty.off") : "—") },
        ]}
        actions={(one) => (
          <>
            <Button label={t("ties.of", { name: one.name })} onClick={() => (open.value = { is: "ties", of: one })}>{t("ties.title")}</Button>
            {one.kind === "worker" && <Button label={t("shifts.of", { name: one.name })} onClick={() => (open.value = { is: "shifts", of: one })}>{t("shifts.title")}</Button>}
            <Button label={t("record.change_one", { name: one.name })} onClick={() => (open.value = { is: "change", of: one })}>{t("record.change")}</Button>
            <Button kind="quiet" icon="close" label={t("responders.withdraw_one", { name: one.name })} onClick={() => (open.value = { is: "withdraw", of: one })} />
          </>
        )}
        empty={t("responders.none")}
      />
      {open.value !== null && <Opened open={open.value} onClose={close} />}
    </section>
  );
}

function Opened({ open, onClose }: { open: Open; onClose: () => void }) {
  const done = (said: string) => {
    changes.value += 1;
    notify(said);
  };
  if (open.is === "new") {
    return (
      <Form
        title={t("responders.add")} fields={[...NEW, ...REACH]} before={ALWAYS} action={t("record.add")} refusals={{ value_error: "rule.responder" }}
        save={async (values) => { await http.command("POST", "/responders", values); done(t("record.added")); }} onClose={onClose}
      />
    );
  }
  const { of } = open;
  if (open.is === "change") {
    return (
      <Form
        title={of.name} fields={REACH} before={{ ...of, homes: null, to_min: Math.min(of.to_min, 1_439) }} action={t("record.save")} refusals={{ value_error: "rule.position" }}
        save={async (values) => { await http.command("PUT", `/responders/${of.id}`, values); done(t("record.changed")); }} onClose={onClose}
      />
    );
  }
  if (open.is === "withdraw") {
    return (
      <Form
        title={t("responders.withdraw_one", { name: of.name })} about={t("responders.withdraw_about")} fields={[]} danger action={t("responders.withdraw")}
        save={async () => { await http.command("POST", `/responders/${of.id}/withdraw`); done(t("responders.withdrawn")); }} onClose={onClose}
      />
    );
  }
  return open.is === "ties" ? <Ties of={of} onClose={onClose} /> : <Shifts of={of} onClose={onClose} />;
}

/** Whose door somebody has a key to, where they are known, and where they are not wanted. */
function Ties({ of, onClose }: { of: Responder; onClose: () => void }) {
  const found = useSignal<Responder>(of);
  const adding = useSignal(false);
  const questions = useMemo(() => new Newest(), []);
  const take = (answer: Responder) => {
    questions.drop(); // each answer is all there is of them: what was asked before is older
    found.value = answer;
  };
  const put = (work: Promise<Responder>) => {
    const mayShow = questions.ask();
    return work.then((answer) => void (mayShow() && (found.value = answer)), explain);
  };
  useEffect(() => void put(http.ask<Responder>("GET", `/responders/${of.id}`)), []);
  if (adding.value) {
    return (
      <Form
        title={t("ties.add")}
        fields={[{ name: "home_id", is: "named", among: "homes", hint: "hint.home_id" }, { name: "has_key", is: "flag" }, { name: "knows", is: "flag" }, { name: "barred", is: "flag" }]}
        action={t("record.save")}
        save={async ({ home_id: home, ...tie }) => take(await http.command<Responder>("PUT", `/responders/${of.id}/homes/${String(home)}`, tie))}
        onClose={() => (adding.value = false)}
      />
    );
  }
  const drop = (home: number) => put(http.command<Responder>("DELETE", `/responders/${of.id}/homes/${home}`));
  return (
    <Dialog title={t("ties.of", { name: of.name })} onClose={onClose}>
      <ul class="purposes">
        {(found.value.homes ?? []).length === 0 && <li class="quiet">{t("ties.none")}</li>}
        {(found.value.homes ?? []).map((tie) => (
          <li key={tie.home_id}>
            <div>
              <p><b>{tie.home}</b></p>
              <p>{[tie.has_key && t("field.has_key"), tie.knows && t("field.knows"), tie.barred && t("field.barred")].filter(Boolean).join(" · ") || "—"}</p>
            </div>
            <Button label={t("ties.drop_one", { name: tie.home })} onClick={() => void drop(tie.home_id)}>{t("ties.drop")}</Button>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => event.preventDefault()}><footer><Button kind="primary" onClick={() => (adding.value = true)}>{t("ties.add")}</Button></footer></form>
    </Dialog>
  );
}

function Shifts({ of, onClose }: { of: Responder; onClose: () => void }) {
  const found = useSignal<readonly Schemas["DutyShiftView"][] | null>(null);
  const adding = useSignal(false);
  const where = `/responders/${of.id}/shifts`;
  const questions = useMemo(() => new Newest(), []);
  const read = () => {
    const mayShow = questions.ask();
    return http.ask<Schemas["DutyShiftList"]>("GET", where).then((answer) => void (mayShow() && (found.value = answer.shifts)), explain);
  };
  useEffect(() => void read(), []);
  if (adding.value) {
    return (
      <Form
        title={t("shifts.add")}
        about={t("shifts.about")}
        fields={[{ name: "begin_at", is: "moment" }, { name: "end_at", is: "moment" }]}
        action={t("record.add")}
        refusals={{ shifts_meet: "shifts.meet", shift_over: "shifts.over", value_error: "rule.shift" }}
        save={async (values) => {
          await http.command("POST", where, values);
          await read();
        }}
        onClose={() => (adding.value = false)}
      />
    );
  }
  const drop = (id: number) => http.command("DELETE", `${where}/${id}`).then(read, explain);
  return (
    <Dialog title={t("shifts.of", { name: of.name })} onClose={onClose}>
      <ul class="purposes">
        {found.value === null && <li class="quiet" role="status">{t("app.loading")}</li>}
        {found.value?.length === 0 && <li class="quiet">{t("shifts.none")}</li>}
        {found.value?.map((shift) => (
          <li key={shift.id}>
            <p class="digits">{formatMoment(shift.begin_at, tag())} – {formatMoment(shift.end_at, tag())}</p>
            <Button label={t("shifts.drop_one", { at: formatMoment(shift.begin_at, tag()) })} onClick={() => void drop(shift.id)}>{t("shifts.drop")}</Button>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => event.preventDefault()}><footer><Button kind="primary" onClick={() => (adding.value = true)}>{t("shifts.add")}</Button></footer></form>
    </Dialog>
  );
}
