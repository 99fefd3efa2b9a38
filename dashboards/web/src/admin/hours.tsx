/** The time bank: who has how many hours, what moved, what one person may hold, and papers that certify. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { formatDay, formatMoment } from "@/core/time";
import { explain } from "@/sign/send";
import { notify } from "@/ui/notices";
import { Button, Dialog } from "@/ui/parts";
import type { Field, Values } from "./fields";
import { Form } from "./form";
import { changes, Table, useList } from "./table";
import { tag } from "./tag";
import { t, term } from "./words";
import { http, type Schemas } from "./wire";

type Account = Schemas["AccountView"];
type Paper = Schemas["PaperView"];
type Open =
  | { readonly is: "open" | "rules" | "check" }
  | { readonly is: "gift" | "certify" | "close" | "entries"; readonly account: Account };

const MINUTES_OF_HOUR = 60;
const MINUTES = { least: 1, most: 1_000_000, whole: true } as const;

/** Minutes as hours, to a tenth. */
export function hours(minutes: number): string {
  return t("unit_hours", { n: Math.round(minutes / (MINUTES_OF_HOUR / 10)) / 10 });
}

/** What people call it; the two that are everybody's have no name. */
function called(account: Account): string {
  return account.name || term("holder", account.sort);
}

const REFUSALS = {
  overdrawn: "time.overdrawn", over_cap: "time.over_cap", no_road: "time.no_road", same_account: "time.same_account",
  not_empty: "time.not_empty", twice: "time.twice", closed: "time.closed", nothing: "time.nothing", no_key: "time.no_key",
} as const;

export function Hours() {
  const open = useSignal<Open | null>(null);
  const list = useList<Account>("/time/accounts");
  const close = () => (open.value = null);
  return (
    <section class="panel block">
      <p class="quiet">{t("time.about")}</p>
      <div class="toolbar">
        <Button onClick={() => (open.value = { is: "rules" })}>{t("time.rules")}</Button>
        <Button onClick={() => (open.value = { is: "check" })}>{t("time.check")}</Button>
        <span class="spring" />
        <Button kind="primary" onClick={() => (open.value = { is: "open" })}>{t("time.open")}</Button>
      </div>
      <Table
        label={t("part.hours")}
        list={list}
        keyOf={(account) => account.id}
        over={(account) => account.closed_at !== null}
        columns={[
          { name: "name", show: called },
          { name: "kind", show: (account) => term("holder", account.sort) },
          { name: "balance", show: (account) => <b class="digits">{hours(account.balance_min)}</b> },
          { name: "made_at", show: (account) => formatDay(account.opened_at, tag()) },
        ]}
        actions={(account) => (
          <>
            <Button label={t("time.entries_of", { name: called(account) })} onClick={() => (open.value = { is: "entries", account })}>{t("time.entries")}</Button>
            {account.closed_at === null && (account.sort === "person" || account.sort === "group") && (
              <>
                <Button label={t("time.gift_of", { name: called(account) })} onClick={() => (open.value = { is: "gift", account })}>{t("time.gift")}</Button>
                <Button label={t("time.certify_of", { name: called(account) })} onClick={() => (open.value = { is: "certify", account })}>{t("time.certify")}</Button>
                <Button kind="quiet" icon="close" label={t("time.close_of", { name: called(account) })} onClick={() => (open.value = { is: "close", account })} />
              </>
            )}
          </>
        )}
        empty={t("time.none")}
      />
      {open.value !== null && <Opened open={open.value} onClose={close} />}
    </section>
  );
}

function Opened({ open, onClose }: { open: Open; onClose: () => void }) {
  switch (open.is) {
    case "entries": return <Entries account={open.account} onClose={onClose} />;
    case "check": return <Check onClose={onClose} />;
    case "rules": return <Rules onClose={onClose} />;
    case "open": return (
      <Sent title={t("time.open")} about={t("time.open_about")} path="/time/accounts" onClose={onClose}
        fields={[{ name: "staff_id", is: "named", among: "staff", optional: true }, { name: "resident_id", is: "named", among: "residents", optional: true }, { name: "group", is: "text", optional: true }]} />
    );
    case "close": return <Sent title={t("time.close_of", { name: called(open.account) })} about={t("time.close_about")} path={`/time/accounts/${open.account.id}/close`} fields={[]} onClose={onClose} />;
    case "gift": return (
      <Sent title={t("time.gift_of", { name: called(open.account) })} path={`/time/accounts/${open.account.id}/gifts`} onClose={onClose}
        fields={[
          { name: "kind", is: "choice", of: ["redeem", "donate", "transfer"], words: "time_kind" },
          { name: "minutes", is: "number", ...MINUTES },
          { name: "other", is: "named", among: "accounts", optional: true, hint: "hint.other_account" },
          { name: "source", is: "text", hint: "hint.source" },
        ]} />
    );
    case "certify": return <Certify account={open.account} onClose={onClose} />;
  }
}

interface SentProps {
  readonly title: string;
  readonly about?: string;
  readonly path: string;
  readonly fields: readonly Field[];
  readonly onClose: () => void;
}

/** A form whose values are sent as they are, without those that are empty. */
function Sent({ title, about, path, fields, onClose }: SentProps) {
  const said = (values: Values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== ""));
  return (
    <Form
      title={title}
      {...(about === undefined ? {} : { about })}
      fields={fields}
      action={t("action.continue")}
      refusals={REFUSALS}
      save={async (values) => {
        await http.command("POST", path, fields.length === 0 ? undefined : said(values));
        changes.value += 1;
        notify(t("time.done"));
      }}
      onClose={onClose}
    />
  );
}

function Rules({ onClose }: { onClose: () => void }) {
  const now = useSignal<Schemas["RulesView"] | null>(null);
  useEffect(() => void http.ask<Schemas["RulesView"]>("GET", "/time/rules").then((found) => void (now.value = found), explain), []);
  if (now.value === null) return null;
  return (
    <Form
      title={t("time.rules")}
      about={t("time.rules_about")}
      fields={[
        { name: "day_min", is: "number", ...MINUTES, optional: true },
        { name: "held_min", is: "number", ...MINUTES, optional: true },
        { name: "donates", is: "flag" },
      ]}
      before={{ ...now.value }}
      action={t("record.save")}
      save={async (values) => {
        await http.command("PUT", "/time/rules", { day_min: null, held_min: null, ...values });
        notify(t("time.done"));
      }}
      onClose={onClose}
    />
  );
}

function Entries({ account, onClose }: { account: Account; onClose: () => void }) {
  const list = useList<Schemas["cloud__visits__hours__views__EntryView"]>("/time/entries", { account_id: account.id });
  return (
    <Dialog title={t("time.entries_of", { name: called(account) })} onClose={onClose}>
      <div class="inside">
        <Table
          label={t("time.entries")}
          list={list}
          keyOf={(entry) => entry.id}
          columns={[
            { name: "made_at", show: (entry) => formatMoment(entry.at, tag()) },
            { name: "kind", show: (entry) => term("time_kind", entry.kind) },
            { name: "hours", show: (entry) => <span class="digits">{entry.taker === account.id ? "+" : "−"}{hours(entry.minutes)}</span> },
            { name: "reason", show: (entry) => entry.source },
          ]}
          empty={t("time.no_entries")}
        />
      </div>
    </Dialog>
  );
}

function Certify({ account, onClose }: { account: Account; onClose: () => void }) {
  const paper = useSignal<Paper | null>(null);
  if (paper.value !== null) return <Certificate paper={paper.value} onClose={onClose} />;
  return (
    <Form
      title={t("time.certify_of", { name: called(account) })}
      fields={[{ name: "since", is: "day" }, { name: "until", is: "day" }]}
      action={t("time.certify")}
      refusals={REFUSALS}
      save={async (values) => {
        paper.value = await http.command<Paper>("POST", `/time/accounts/${account.id}/certificates`, values);
      }}
      onClose={() => paper.value === null && onClose()}
    />
  );
}

/** A paper with its code; it is shown to whoever doubts it, who checks it here. */
function Certificate({ paper, onClose }: { paper: Paper; onClose: () => void }) {
  return (
    <Dialog title={t("time.certificate")} onClose={onClose}>
      <div class="paper">
        <p class="claim-code">{paper.holder}</p>
        <p>{t("time.served", { hours: hours(paper.served_min), visits: paper.visits, since: formatDay(paper.since, tag()), until: formatDay(paper.until, tag()) })}</p>
        <dl>
          <dt>{t("column.number")}</dt><dd class="digits">{paper.number}</dd>
          <dt>{t("column.code")}</dt><dd><code>{paper.code}</code></dd>
          <dt>{t("column.by")}</dt><dd>{paper.tenant}</dd>
        </dl>
      </div>
      <form onSubmit={(event) => { event.preventDefault(); onClose(); }}>
        <footer>
          <Button icon="note" onClick={() => print()}>{t("print")}</Button>
          <Button kind="primary" type="submit">{t("close")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Check({ onClose }: { onClose: () => void }) {
  return (
    <Form
      title={t("time.check")}
      fields={[{ name: "number", is: "number", ...MINUTES }, { name: "holder", is: "text" }, { name: "code", is: "text", code: true }]}
      action={t("time.check")}
      save={async (values) => {
        const found = await http.ask<Schemas["CheckedView"]>("POST", "/time/certificates/check", values);
        notify(found.right ? t("time.genuine", { hours: hours(found.served_min ?? 0) }) : t("time.forged"), !found.right);
      }}
      onClose={onClose}
    />
  );
}
