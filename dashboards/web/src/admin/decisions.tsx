/** What waits for a decision: mutes, thresholds that outcomes suggest, and reads in spite of a missing consent. */
import { useSignal } from "@preact/signals";
import { formatDay, formatMoment } from "@/core/time";
import { explain } from "@/sign/send";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import { Form } from "./form";
import { changes, Table, useList } from "./table";
import { tag } from "./tag";
import { t, term } from "./words";
import { http, type Schemas } from "./wire";

export function Mutes() {
  const list = useList<Schemas["MuteView"]>("/mutes");
  const end = (id: number) => http.command("POST", `/mutes/${id}/end`).then(() => { changes.value += 1; notify(t("mute.ended")); }, explain);
  return (
    <section class="panel block">
      <p class="quiet">{t("mute.list_about")}</p>
      <Table
        label={t("part.mutes")}
        list={list}
        keyOf={(mute) => mute.id}
        columns={[
          { name: "home", show: (mute) => <a class="link" href={`/admin/homes/${mute.home_id}`}>{mute.home}</a> },
          { name: "why", show: (mute) => term("why", mute.why) },
          { name: "reason", show: (mute) => mute.reason },
          { name: "until", show: (mute) => formatMoment(mute.until, tag()) },
          { name: "by", show: (mute) => mute.set_by },
        ]}
        actions={(mute) => <Button onClick={() => void end(mute.id)}>{t("mute.end")}</Button>}
        empty={t("mute.none")}
      />
    </section>
  );
}

type Proposal = Schemas["ProposalView"];
type Decision = { readonly is: "approve" | "refuse"; readonly of: Proposal };

/** Seconds in words that fit their size. */
export function span(seconds: number | null): string {
  if (seconds === null) return "—";
  if (seconds < 120) return t("unit_seconds", { n: Math.round(seconds) });
  return seconds < 7_200 ? t("unit_minutes", { n: Math.round(seconds / 60) }) : t("unit_hours", { n: Math.round(seconds / 360) / 10 });
}

export function Proposals() {
  const all = useSignal(false);
  const deciding = useSignal<Decision | null>(null);
  const list = useList<Proposal>("/rules/proposals", { state: all.value ? null : "open" });
  const look = () =>
    http.command<Schemas["Proposed"]>("POST", "/rules/proposals", {}).then((answer) => {
      changes.value += 1;
      notify(t("proposal.looked", { n: answer.made.length }));
    }, explain);
  return (
    <section class="panel block">
      <p class="quiet">{t("proposal.about")}</p>
      <div class="toolbar">
        <label class="tick">
          <input type="checkbox" checked={all.value} onChange={(event) => (all.value = event.currentTarget.checked)} />
          <span>{t("proposal.all")}</span>
        </label>
        <span class="spring" />
        <Button onClick={() => void look()}>{t("proposal.look")}</Button>
      </div>
      <Table
        label={t("part.proposals")}
        list={list}
        keyOf={(one) => one.id}
        over={(one) => one.state !== "open"}
        columns={[
          { name: "home", show: (one) => <a class="link" href={`/admin/homes/${one.home_id}`}>{one.home}</a> },
          { name: "rule", show: (one) => <code>{one.path}</code> },
          { name: "change", show: (one) => <b>{span(one.held)} → {span(one.becomes)}</b> },
          { name: "basis", show: (one) => t("proposal.basis", { right: one.basis.right, wrong: one.basis.false, gone: one.basis.false_gone, lost: one.basis.right_lost }) },
          { name: "made_at", show: (one) => formatDay(one.made_at, tag()) },
          { name: "state", show: (one) => term("proposal_state", one.state) },
        ]}
        actions={(one) => one.state === "open" && (
          <>
            <Button label={t("proposal.approve_one", { name: one.home })} onClick={() => (deciding.value = { is: "approve", of: one })}>{t("proposal.approve")}</Button>
            <Button kind="quiet" label={t("proposal.refuse_one", { name: one.home })} onClick={() => (deciding.value = { is: "refuse", of: one })}>{t("proposal.refuse")}</Button>
          </>
        )}
        empty={t("proposal.none")}
      />
      {deciding.value !== null && <Decide decision={deciding.value} onClose={() => (deciding.value = null)} />}
    </section>
  );
}

function Decide({ decision: { is, of }, onClose }: { decision: Decision; onClose: () => void }) {
  return (
    <Form
      title={t(is === "approve" ? "proposal.approve_one" : "proposal.refuse_one", { name: of.home })}
      about={t("proposal.of", { path: of.path, held: span(of.held), becomes: span(of.becomes) })}
      fields={[{ name: "reason", is: "long" }]}
      action={t(is === "approve" ? "proposal.approve" : "proposal.refuse")}
      refusals={{ conflict: "proposal.decided", decided: "proposal.decided", plan_changed: "proposal.plan_changed" }}
      save={async (values) => {
        await http.command("POST", `/rules/proposals/${of.id}/${is}`, { version: of.version, ...values });
        changes.value += 1;
        notify(t("proposal.is_decided"));
      }}
      onClose={onClose}
    />
  );
}

type Access = Schemas["AccessView"];

export function Glass() {
  const all = useSignal(false);
  const reviewing = useSignal<Access | null>(null);
  const list = useList<Access>(all.value ? "/emergency-access" : "/emergency-access?reviewed=false");
  return (
    <section class="panel block">
      <p class="quiet">{t("glass.about")}</p>
      <div class="toolbar">
        <label class="tick">
          <input type="checkbox" checked={all.value} onChange={(event) => (all.value = event.currentTarget.checked)} />
          <span>{t("glass.all")}</span>
        </label>
      </div>
      <Table
        label={t("part.glass")}
        list={list}
        keyOf={(one) => one.id}
        over={(one) => one.reviewed_at !== null}
        columns={[
          { name: "by", show: (one) => one.reader },
          { name: "home", show: (one) => <a class="link" href={`/admin/homes/${one.home_id}`}>{one.home || t("home_elsewhere")}</a> },
          { name: "reason", show: (one) => one.reason },
          { name: "made_at", show: (one) => formatMoment(one.at, tag()) },
          { name: "due", show: (one) => <span class={one.overdue ? "late" : ""}>{formatMoment(one.review_by, tag())}</span> },
          { name: "state", show: (one) => (one.justified === null ? t("glass.waits") : t(one.justified ? "glass.justified" : "glass.not_justified")) },
        ]}
        actions={(one) => one.reviewed_at === null && <Button label={t("glass.review_one", { name: one.reader })} onClick={() => (reviewing.value = one)}>{t("glass.review")}</Button>}
        empty={t("glass.none")}
      />
      {reviewing.value !== null && <ReviewAccess access={reviewing.value} onClose={() => (reviewing.value = null)} />}
    </section>
  );
}

function ReviewAccess({ access, onClose }: { access: Access; onClose: () => void }) {
  return (
    <Form
      title={t("glass.review_one", { name: access.reader })}
      about={access.reason}
      fields={[
        { name: "justified", is: "choice", of: ["yes", "no"], words: "justified" },
        { name: "remark", is: "long", optional: true, hint: "hint.remark" },
      ]}
      action={t("glass.review")}
      refusals={{ own_access: "glass.own", oneself: "glass.own" }}
      save={async ({ justified, remark }) => {
        await http.command("POST", `/emergency-access/${access.id}/review`, { justified: justified === "yes", remark });
        changes.value += 1;
        notify(t("glass.reviewed"));
      }}
      onClose={onClose}
    />
  );
}
