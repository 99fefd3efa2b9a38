/** What one person may ask for: to see what is kept, to be forgotten, to be kept, and to say what is allowed. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { formatDay, formatMoment } from "@/core/time";
import { explain } from "@/sign/send";
import { notify } from "@/ui/notices";
import { Button, Dialog } from "@/ui/parts";
import { Form } from "./form";
import { asked, present, waiting } from "./presence";
import { changes, Table, useList } from "./table";
import { tag } from "./tag";
import { t, term } from "./words";
import { http, type Schemas } from "./wire";

interface PersonProps {
  readonly resident: number;
  readonly name: string;
  readonly onClose: () => void;
}

type Erasure = Schemas["ErasureView"];

/** Export, erasure and legal hold of one person. */
export function Rights({ resident, name, onClose }: PersonProps) {
  const found = useSignal<Erasure | null>(null);
  const asking = useSignal<"erasure" | "hold" | null>(null);
  const where = `/residents/${resident}`;
  const read = () => http.ask<Erasure>("GET", `${where}/erasure`).then((answer) => void (found.value = answer), explain);
  useEffect(() => void read(), []);
  const decide = (method: "POST" | "DELETE", path: string) =>
    present(async () => {
      found.value = await http.command<Erasure>(method, `${where}${path}`);
      notify(t("erasure.noted"));
    }).catch(explain);
  if (asking.value === "erasure") {
    return (
      <Reason
        title={t("erasure.ask")}
        about={t("erasure.about")}
        save={(reason) => present(async () => { found.value = await http.command("POST", `${where}/erasure`, { reason }); })}
        onClose={() => (asking.value = null)}
      />
    );
  }
  if (asking.value === "hold") {
    return (
      <Reason
        title={t("hold.place")}
        about={t("hold.about")}
        save={async (reason) => {
          await http.command("POST", `${where}/holds`, { reason });
          changes.value += 1;
          notify(t("hold.placed"));
          await read();
        }}
        onClose={() => (asking.value = null)}
      />
    );
  }
  if (waiting.value !== null) return null; // two dialogs at once would hide each other
  const step = found.value?.step;
  return (
    <Dialog title={t("rights.of", { name })} onClose={onClose}>
      <div class="rights">
        <Right title={t("export.title")} about={t("export.about")}>
          <Button icon="file" onClick={() => take(resident)}>{t("export.take")}</Button>
        </Right>
        <Right title={t("erasure.title")} about={step === undefined ? t("app.loading") : term("erasure_step", step)}>
          {found.value !== null && <Obstacles found={found.value} />}
          {step === "not_asked" && <Button onClick={() => (asking.value = "erasure")}>{t("erasure.ask")}</Button>}
          {step === "asked" && (
            <>
              <Button kind="danger" onClick={() => void decide("POST", "/erasure/confirmation")}>{t("erasure.confirm")}</Button>
              <Button onClick={() => void decide("DELETE", "/erasure")}>{t("erasure.withdraw")}</Button>
            </>
          )}
        </Right>
        <Right title={t("hold.title")} about={t("hold.about")}>
          <Button onClick={() => (asking.value = "hold")}>{t("hold.place")}</Button>
        </Right>
      </div>
    </Dialog>
  );
}

function Right({ title, about, children }: { title: string; about: string; children: ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      <p class="quiet">{about}</p>
      <div class="buttons">{children}</div>
    </section>
  );
}

function Obstacles({ found }: { found: Erasure }) {
  if (found.obstacles.length === 0) return null;
  return <ul class="obstacles">{found.obstacles.map((one) => <li key={one}>{term("obstacle", one)}</li>)}</ul>;
}

/** The archive comes as a file; what is asked first is whether it is still the same person at the screen. */
function take(resident: number): void {
  asked(async () => location.assign(`/api/v1/residents/${resident}/export`));
}

function Reason({ title, about, save, onClose }: { title: string; about: string; save: (reason: string) => Promise<void>; onClose: () => void }) {
  return (
    <Form
      title={title}
      about={about}
      fields={[{ name: "reason", is: "long" }]}
      action={t("action.continue")}
      save={(values) => save(String(values["reason"]))}
      onClose={onClose}
    />
  );
}

type Known = Schemas["Consents"];
type Purpose = Schemas["PurposeView"];

/** How each purpose stands, and a new word of the person. */
export function Consents({ resident, name, onClose }: PersonProps) {
  const found = useSignal<Known | null>(null);
  const speaking = useSignal<Purpose | null>(null);
  const where = `/residents/${resident}/consents`;
  useEffect(() => void http.ask<Known>("GET", where).then((answer) => void (found.value = answer), explain), []);
  const about = speaking.value;
  if (about !== null) {
    return (
      <Form
        title={t("consents.write", { purpose: term("purpose", about.purpose) })}
        about={t("consents.about")}
        fields={[
          { name: "decision", is: "choice", of: about.allowed ? ["withdrawn", "given"] : ["given", "refused"], words: "decision" },
          { name: "by", is: "choice", of: ["self", "guardian", "next_of_kin"], words: "by" },
          { name: "how", is: "choice", of: ["paper", "voice", "screen"], words: "how" },
          { name: "at", is: "moment" },
          { name: "by_name", is: "text", optional: true, hint: "hint.by_name" },
          { name: "authority", is: "text", optional: true, hint: "hint.authority" },
          { name: "recipient", is: "text", optional: true },
          { name: "witness", is: "text", optional: true },
        ]}
        before={{ at: new Date().toISOString() }}
        action={t("consents.save")}
        save={async (values) => {
          found.value = await http.command<Known>("POST", where, { purpose: about.purpose, ...values });
          notify(t("consents.saved"));
        }}
        onClose={() => (speaking.value = null)}
      />
    );
  }
  return (
    <Dialog title={t("consents.of", { name })} onClose={onClose}>
      <ul class="purposes">
        {found.value === null && <li class="quiet" role="status">{t("app.loading")}</li>}
        {found.value?.purposes.map((one) => (
          <li key={one.purpose}>
            <span class={`lamp ${one.allowed ? "on" : "off"}`} aria-hidden="true" />
            <div>
              <p><b>{term("purpose", one.purpose)}</b> · {t(one.allowed ? "consents.allowed" : "consents.not_allowed")}</p>
              {one.since !== null && <p class="quiet">{t("consents.since", { at: formatDay(one.since, tag()) })}</p>}
            </div>
            <Button label={t("consents.write", { purpose: term("purpose", one.purpose) })} onClick={() => (speaking.value = one)}>{t("consents.new")}</Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

// What is kept, and what goes ---------------------------------------------------------------------------------

export function Keeping() {
  const holds = useList<Schemas["HoldView"]>("/holds");
  const going = useList<Schemas["DeletionView"]>("/deletions");
  const kept = useList<Schemas["RetentionView"]>("/retention", {}, "kept");
  const changing = useSignal<Schemas["RetentionView"] | null>(null);
  const lift = (hold: Schemas["HoldView"]) =>
    http.command("POST", `/residents/${hold.resident_id}/holds/${hold.id}/lift`).then(() => { changes.value += 1; notify(t("hold.lifted")); }, explain);
  return (
    <>
      <section class="panel block">
        <h3>{t("retention.title")}</h3>
        <Table
          label={t("retention.title")}
          list={kept}
          keyOf={(one) => one.of}
          columns={[
            { name: "what", show: (one) => term("class", one.of) },
            { name: "days", show: (one) => t("unit_days", { n: one.days }) },
            { name: "bounds", show: (one) => t("retention.bounds", { least: one.least, most: one.most }) },
          ]}
          actions={(one) => <Button label={t("retention.change_one", { what: term("class", one.of) })} onClick={() => (changing.value = one)}>{t("record.change")}</Button>}
          empty={t("list.empty")}
        />
      </section>
      <section class="panel block">
        <h3>{t("deletions.title")}</h3>
        <Table
          label={t("deletions.title")}
          list={going}
          keyOf={(one) => `${one.kind}-${one.id}`}
          columns={[
            { name: "due", show: (one) => formatMoment(one.due_at, tag()) },
            { name: "kind", show: (one) => term("deletion", one.kind) },
            { name: "what", show: (one) => term(one.kind === "withdrawal" ? "purpose" : "class", one.what) },
            { name: "waits", show: (one) => (one.waits_for === null ? "—" : term("waits", one.waits_for)) },
          ]}
          empty={t("deletions.none")}
        />
      </section>
      <section class="panel block">
        <h3>{t("hold.list")}</h3>
        <Table
          label={t("hold.list")}
          list={holds}
          keyOf={(hold) => hold.id}
          columns={[
            { name: "name", show: (hold) => hold.resident },
            { name: "home", show: (hold) => <a class="link" href={`/admin/homes/${hold.home_id}`}>{hold.home}</a> },
            { name: "reason", show: (hold) => hold.reason },
            { name: "made_at", show: (hold) => formatMoment(hold.at, tag()) },
          ]}
          actions={(hold) => <Button onClick={() => void lift(hold)}>{t("hold.lift")}</Button>}
          empty={t("hold.none")}
        />
      </section>
      {changing.value !== null && <Keep kept={changing.value} onClose={() => (changing.value = null)} />}
    </>
  );
}

function Keep({ kept, onClose }: { kept: Schemas["RetentionView"]; onClose: () => void }) {
  return (
    <Form
      title={t("retention.change_one", { what: term("class", kept.of) })}
      about={t("retention.about", { least: kept.least, most: kept.most })}
      fields={[{ name: "days", is: "number", least: kept.least, most: kept.most, whole: true }]}
      before={{ days: kept.days }}
      action={t("record.save")}
      refusals={{ out_of_bounds: "retention.out_of_bounds" }}
      save={({ days }) => present(async () => {
        await http.command("PUT", `/retention/${kept.of}`, { days });
        changes.value += 1;
      })}
      onClose={onClose}
    />
  );
}
