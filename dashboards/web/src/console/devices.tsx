/** `/console/devices`: what equipment needs, the longest waiting first; a reason to drive there in each row. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { formatClock } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Age, Button } from "@/ui/parts";
import { readWorklist, unread, worklist, type Upkeep } from "./desk";
import "./desk.css";
import { goTo, nowMs, select } from "./model";
import { t, term } from "./words";

type Item = Upkeep["items"][number];

export function DevicesPage() {
  const only = useSignal("");
  useEffect(() => void readWorklist(), []);
  const found = worklist.value;
  return (
    <main class="desk-page">
      <section class="panel wide" aria-labelledby="devices-title">
        <header class="desk-head">
          <h2 id="devices-title">{t("devices.title")}{found !== null && <small class="digits"> {t("devices.count", { n: found.total, at: formatClock(found.now) })}</small>}</h2>
          <Button icon="undo" onClick={() => void readWorklist()}>{t("desk.again")}</Button>
        </header>
        {unread.value && <p class="desk-old" role="alert">{t("desk.unread")}</p>}
        {found === null ? <p class="quiet">{t("app.loading")}</p> : found.items.length === 0 ? (
          <p class="calm"><Icon name="check" size={28} />{t("devices.none")}</p>
        ) : (
          <>
            <Problems items={found.items} only={only.value} choose={(problem) => (only.value = problem)} />
            <List items={found.items.filter((one) => only.value === "" || one.problem === only.value)} />
            {found.total > found.items.length && <p class="quiet">{t("devices.more", { n: found.total - found.items.length })}</p>}
          </>
        )}
      </section>
    </main>
  );
}

function Problems({ items, only, choose }: { items: readonly Item[]; only: string; choose: (problem: string) => void }) {
  const counts = new Map<string, number>();
  for (const { problem } of items) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  return (
    <p class="problems" role="group" aria-label={t("devices.only")}>
      <Button pressed={only === ""} onClick={() => choose("")}>{t("devices.all")} {items.length}</Button>
      {[...counts].map(([problem, n]) => (
        <Button key={problem} pressed={only === problem} onClick={() => choose(problem)}>{problemWord(problem)} {n}</Button>
      ))}
    </p>
  );
}

function List({ items }: { items: readonly Item[] }) {
  return (
    <table>
      <thead><tr><th>{t("devices.problem")}</th><th>{t("devices.home")}</th><th>{t("devices.device")}</th><th>{t("devices.since")}</th><th><span class="unseen">{t("devices.open")}</span></th></tr></thead>
      <tbody>
        {items.map((one) => (
          <tr key={`${one.home_id} ${one.problem} ${one.device} ${one.incident_id}`}>
            <td><b>{problemWord(one.problem)}</b>{one.battery !== null && <span class="chip">{Math.round(one.battery)} %</span>}</td>
            <td>{one.resident} <span class="quiet">{[one.area_name, one.address].filter((part) => part !== "").join(" · ")}</span></td>
            <td>{[one.kind === "" ? "" : term("device", one.kind), one.room === "" ? "" : term("room", one.room), one.device].filter((part) => part !== "").join(" · ")}</td>
            <td class="digits">{one.since === null ? t("devices.never") : <Age since={one.since} now={nowMs.value} />}</td>
            <td>{one.incident_id !== null && <Button label={t("devices.open_of", { name: one.resident })} icon="file" onClick={() => show(one.incident_id)} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function show(incident: number | null): void {
  goTo("console");
  select(incident);
}

/** A problem is a kind of alarm, or has a word of its own. */
function problemWord(problem: string): string {
  const own = term("problem", problem);
  return own === problem ? term("kind", problem) : own;
}
