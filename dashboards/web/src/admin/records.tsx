/** The list of one kind of record, with its forms: add, change, retire. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { formatPhone } from "@/core/phone";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import type { Field, Values } from "./fields";
import { Form } from "./form";
import { columnsWithin, KINDS, type Cell, type Kept, type Kind, type KindName } from "./kinds";
import { goTo } from "./place";
import { changes, Table, Toolbar, useList, type Column, type ColumnName, type Search } from "./table";
import { t, term } from "./words";
import { http } from "./wire";

interface RecordsProps {
  readonly kind: KindName;
  /** Only those of this home. */
  readonly home?: number;
  /** More that can be done with one of them. */
  readonly more?: (kept: Kept) => ComponentChildren;
  /** Gateways to choose from where a device is added. */
  readonly gateways?: readonly string[];
}

type Open = { readonly is: "new" } | { readonly is: "change"; readonly kept: Kept } | { readonly is: "retire"; readonly kept: Kept };

const NOTHING: Search = { q: "", sort: "number", retired: false };

export function Records({ kind: name, home, more, gateways }: RecordsProps) {
  const kind = KINDS[name];
  const search = useSignal<Search>(NOTHING);
  const open = useSignal<Open | null>(null);
  const asked = search.value;
  const list = useList<Kept>(`/register/${name}`, {
    q: asked.q, sort: kind.sorts && asked.sort !== "number" ? asked.sort : null, retired: asked.retired, home_id: home,
  });
  const done = (said: string) => {
    changes.value += 1;
    notify(said);
  };
  const mayAdd = kind.adds && (kind.within === undefined || (kind.within === "home_id" ? home !== undefined : (gateways?.length ?? 0) > 0));
  return (
    <section class="records">
      {home === undefined && kind.name !== "tenants" && (
        <Toolbar searches={kind.searches !== false} search={asked} onSearch={(other) => (search.value = { ...search.value, ...other })} sorts={kind.sorts ? ["number", "newest", "name"] : []}>
          {mayAdd && <Add kind={kind} onClick={() => (open.value = { is: "new" })} />}
        </Toolbar>
      )}
      <Table
        label={term("part", name)}
        list={list}
        columns={columnsWithin(kind, home !== undefined).map(column)}
        keyOf={(kept) => kept.id}
        over={(kept) => (kept.retired_at ?? null) !== null}
        actions={(kept) => (
          <>
            {more?.(kept)}
            {(kept.retired_at ?? null) === null ? kind.mayChange?.(kept.record as Values) !== false && (
              <>
                <Button label={t("record.change_one", { name: nameOf(kept) })} onClick={() => (open.value = { is: "change", kept })}>{t("record.change")}</Button>
                {kind.retires && <Button kind="quiet" icon="close" label={t("record.retire_one", { name: nameOf(kept) })} onClick={() => (open.value = { is: "retire", kept })} />}
              </>
            ) : <span class="chip">{t("record.retired")}</span>}
          </>
        )}
        empty={t(asked.q === "" ? "list.empty" : "list.nothing_found")}
      />
      {home !== undefined && mayAdd && <footer><Add kind={kind} onClick={() => (open.value = { is: "new" })} /></footer>}
      <Opened kind={kind} open={open.value} home={home} gateways={gateways} onClose={() => (open.value = null)} done={done} />
    </section>
  );
}

function Add({ kind, onClick }: { kind: Kind; onClick: () => void }) {
  return <Button kind="primary" onClick={onClick}>{term("add", kind.name)}</Button>;
}

interface OpenedProps {
  readonly kind: Kind;
  readonly open: Open | null;
  readonly home: number | undefined;
  readonly gateways: readonly string[] | undefined;
  readonly onClose: () => void;
  readonly done: (said: string) => void;
}

function Opened({ kind, open, home, gateways = [], onClose, done }: OpenedProps) {
  if (open === null) return null;
  if (open.is === "retire") return <Retire kind={kind} kept={open.kept} onClose={onClose} done={done} />;
  if (open.is === "change") return <ChangeRecord kind={kind} kept={open.kept} onClose={onClose} done={done} />;
  const within: readonly Field[] = kind.within === "gateway_id" ? [{ name: "gateway_id", is: "choice", of: gateways, words: "gateway" }] : [];
  return (
    <Form
      title={term("add", kind.name)}
      fields={[...within, ...kind.fields.filter((field) => field.only !== "change")]}
      before={kind.start ?? {}}
      action={t("record.add")}
      save={async ({ gateway_id: gateway, ...record }) => {
        const belongs = kind.within === "gateway_id" ? { gateway_id: gateway } : home === undefined ? {} : { home_id: home };
        await http.command("POST", `/register/${kind.name}`, { ...belongs, record });
        done(t("record.added"));
      }}
      onClose={onClose}
    />
  );
}

interface OneProps {
  readonly kind: Kind;
  readonly kept: Kept;
  readonly onClose: () => void;
  readonly done: (said: string) => void;
}

/** What the form does not show of a record stays as it is. */
export function ChangeRecord({ kind, kept, onClose, done }: OneProps) {
  return (
    <Form
      title={nameOf(kept)}
      fields={kind.fields.filter((field) => field.only !== "new")}
      before={kept.record as Values}
      version={kept.version ?? 0}
      action={t("record.save")}
      save={async (values, version) => {
        const record = { ...kept.record, ...values };
        await http.command("PUT", `/register/${kind.name}/${kept.id}`, { version, record });
        done(t("record.changed"));
      }}
      onClose={onClose}
    />
  );
}

function Retire({ kind, kept, onClose, done }: OneProps) {
  return (
    <Form
      title={t("record.retire_one", { name: nameOf(kept) })}
      about={term("retire", kind.name)}
      fields={[]}
      version={kept.version ?? 0}
      action={t("record.retire")}
      danger
      save={async (_, version) => {
        await http.command("POST", `/register/${kind.name}/${kept.id}/retire`, { version });
        done(t("record.is_retired"));
      }}
      onClose={onClose}
    />
  );
}

/** What a person calls it. */
export function nameOf(kept: Kept): string {
  const record = kept.record as Values;
  return String(record["name"] ?? record["key"] ?? kept.id);
}

function column([name, cell]: readonly [string, Cell]): Column<Kept> {
  return { name: name as ColumnName, show: (kept) => shown(name, cell, kept) };
}

function shown(name: string, cell: Cell, kept: Kept): ComponentChildren {
  const value = (kept.record as Values)[name];
  if (cell === "home") return <HomeLink kept={kept} />;
  if (name === "gateway") return <code>{kept.gateway_id}</code>;
  if (cell === "flag") return t(value === true ? "flag.yes" : "flag.no");
  if (cell === "code") return <code>{String(value)}</code>;
  if (cell === "division") return <Where name={kept.division_name} code={String(value)} />;
  if (cell === "phone") return <span class="digits">{formatPhone(String(value))}</span>;
  if (cell === "place") return value === null ? <span class="missing">{t("record.no_position")}</span> : t("record.position");
  if (cell.startsWith("word:")) return term(cell.slice(5), String(value));
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

/** A place by its name, with its code. */
export function Where({ name, code }: { name: string | null | undefined; code: string }) {
  return <>{name ?? ""} <small class="quiet digits">{code}</small></>;
}

/** The home that it is, or that it belongs to. */
function HomeLink({ kept }: { kept: Kept }) {
  const itself = "key" in kept.record;
  const id = itself ? Number(kept.id) : kept.home_id;
  if (id === null || id === undefined) return null;
  return (
    <a class="link" href={`/admin/homes/${id}`} onClick={(event) => { event.preventDefault(); goTo("homes", id); }}>
      {itself ? nameOf(kept) : kept.home_key}
    </a>
  );
}
