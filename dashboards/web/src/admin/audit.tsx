/** Who read or changed what, for whoever may know: ids only, the newest first. */
import { useSignal } from "@preact/signals";
import { doing } from "@/core/doing";
import { formatMoment } from "@/core/time";
import { Table, useList } from "./table";
import { tag } from "./tag";
import { t, term } from "./words";
import type { Schemas } from "./wire";

type Entry = Schemas["cloud__trail_routes__EntryView"];

const NUMBER = /^\d{1,10}$/;
const ACTOR = /^(staff|token):\d{1,10}$/;

export function Audit() {
  const home = useSignal("");
  const actor = useSignal("");
  const list = useList<Entry>("/audit", {
    home_id: NUMBER.test(home.value) ? home.value : null,
    actor: ACTOR.test(actor.value) ? actor.value : null,
  });
  return (
    <section class="panel block">
      <p class="quiet">{t("audit.about")}</p>
      <div class="toolbar" role="search">
        <label class="find">
          <span>{t("audit.home")}</span>
          <input type="text" inputMode="numeric" value={home.value} onInput={(event) => (home.value = event.currentTarget.value.trim())} />
        </label>
        <label class="find">
          <span>{t("audit.actor")}</span>
          <input type="text" placeholder="staff:17" value={actor.value} onInput={(event) => (actor.value = event.currentTarget.value.trim())} />
        </label>
      </div>
      <Table
        label={t("part.audit")}
        list={list}
        keyOf={(entry) => entry.id}
        columns={[
          { name: "made_at", show: (entry) => <span class="digits">{formatMoment(entry.at, tag())}</span> },
          { name: "by", show: (entry) => <code>{entry.actor}</code> },
          { name: "action", show: (entry) => <>{doing(entry.action)} <code class="quiet id">{entry.action}</code></> },
          { name: "about", show: (entry) => <span class="digits">{entry.about}</span> },
          { name: "whose", show: (entry) => whose(entry) },
          { name: "purpose", show: (entry) => (entry.purpose === "" ? "—" : term("use", entry.purpose)) },
          { name: "answer", show: (entry) => <span class="digits">{entry.status === 0 ? t("audit.changed") : entry.status}</span> },
          { name: "origin", show: (entry) => <span class="digits">{entry.origin}</span> },
        ]}
        empty={t("audit.none")}
      />
    </section>
  );
}

function whose({ homes }: Entry): string {
  if (homes === null) return t("audit.all_homes");
  return homes.length === 0 ? "—" : homes.join(", ");
}
