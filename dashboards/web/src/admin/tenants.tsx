/** For a city: what each tenant below has and may use, and how much of it is used. */
import { useSignal } from "@preact/signals";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import type { FieldName } from "./fields";
import { Form } from "./form";
import { changes, Table, useList } from "./table";
import { t, term } from "./words";
import { http, type Schemas } from "./wire";

type Tenant = Schemas["TenantView"];

const MODULES = ["monitoring", "visits", "messages", "detection", "reports"] as const;
const QUOTAS = ["homes", "messages_month", "readings_day"] as const;
const FIELD = { homes: "quota_homes", messages_month: "quota_messages", readings_day: "quota_readings" } as const satisfies Record<string, FieldName>;
const MOST = 2 ** 53 - 1;

export function Tenants() {
  const open = useSignal<Tenant | null>(null);
  const list = useList<Tenant>("/tenants", {}, "tenants");
  return (
    <section class="panel block">
      <p class="quiet">{t("tenants.about")}</p>
      <Table
        label={t("part.tenants")}
        list={list}
        keyOf={(tenant) => tenant.code}
        columns={[
          { name: "name", show: (tenant) => tenant.name },
          { name: "code", show: (tenant) => <code>{tenant.code}</code> },
          { name: "modules", show: (tenant) => tenant.modules.map((one) => term("module", one)).join(" · ") },
          { name: "quotas", show: (tenant) => tenant.quotas.map((quota) => <p key={quota.name} class={quota.state === "reached" ? "late" : ""}>{term("quota", quota.name)}: {quota.used} / {quota.most}</p>) },
        ]}
        actions={(tenant) => <Button label={t("record.change_one", { name: tenant.name })} onClick={() => (open.value = tenant)}>{t("record.change")}</Button>}
        empty={t("tenants.none")}
      />
      {open.value !== null && <Equip tenant={open.value} onClose={() => (open.value = null)} />}
    </section>
  );
}

function Equip({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const quotas = Object.fromEntries(tenant.quotas.map((quota) => [FIELD[quota.name], quota.most]));
  return (
    <Form
      title={tenant.name}
      about={t("tenants.equip_about")}
      fields={[
        { name: "modules", is: "choices", of: MODULES, words: "module" },
        ...QUOTAS.map((name) => ({ name: FIELD[name], is: "number", least: 1, most: MOST, whole: true, optional: true }) as const),
      ]}
      before={{ modules: tenant.modules, ...quotas }}
      action={t("record.save")}
      save={async (values) => {
        const given = QUOTAS.map((name) => [name, values[FIELD[name]]] as const).filter(([, most]) => most !== null && most !== undefined);
        await http.command("PUT", `/tenants/${tenant.code}/equipment`, { modules: values["modules"], quotas: Object.fromEntries(given) });
        changes.value += 1;
        notify(t("record.changed"));
      }}
      onClose={onClose}
    />
  );
}
