/** All homes as a list: the map's equal for whoever cannot use a map, and the place to search. */
import { signal } from "@preact/signals";
import type { HomeView } from "@/core/api";
import { formatClock } from "@/core/time";
import { rank } from "@/ui/icons";
import { PriorityTag } from "@/ui/parts";
import { board, openHome, selectedHome, selectHome, view } from "./model";
import { t, term } from "./words";

const query = signal("");
const MOST_ROWS = 200; // more than anyone reads; the rest is found by typing

/** Open incidents first, then homes that are offline, then by name. */
function compare(a: HomeView, b: HomeView): number {
  const weight = (home: HomeView) => home.open_priority ?? (home.online ? 7 : 6);
  return weight(a) - weight(b) || names.compare(a.resident, b.resident);
}

const names = new Intl.Collator("zh"); // made once: with 3,000 names it is most of the work

export function Homes() {
  if (view.value !== "homes") return null; // the list of 3,000 is sorted only where it is seen
  const words = query.value.trim().toLowerCase();
  const found = [...board.value.homes.values()]
    .filter((home) => words === "" || `${home.resident} ${home.address}`.toLowerCase().includes(words))
    .sort(compare);
  return (
    <section class="homes panel" aria-labelledby="homes-title">
      <header>
        <h2 id="homes-title">{t("homes.title", { n: found.length })}</h2>
        <input
          id="home-search"
          type="search"
          aria-label={t("help.search")}
          placeholder={t("help.search")}
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            const first = found[0];
            if (event.key === "Enter" && !event.isComposing && first !== undefined) openHome(first.id);
          }}
        />
      </header>
      <ul tabIndex={0} aria-label={t("tabs.homes")}>
        {found.slice(0, MOST_ROWS).map((home) => (
          <li key={home.id}>
            <button
              type="button"
              class={`home ${selectedHome.value === home.id ? "chosen" : ""}`}
              onClick={() => openHome(home.id)}
            >
              <b>{t("person.name_age", { name: home.resident, age: home.age })}</b>
              <span class="address">{home.address}</span>
              <Contact home={home} />
            </button>
            {home.open_priority !== null && <ToIncident home={home} priority={home.open_priority} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What is going on there is one press away, too; it is called by what it shows. */
function ToIncident({ home, priority }: { home: HomeView; priority: number }) {
  const label = `${term("priority", String(rank(priority)))} · ${t("homes.to_incident", { name: home.resident })}`;
  return (
    <button type="button" class="home-incident" onClick={() => selectHome(home)} aria-label={label}>
      <PriorityTag priority={priority} />
    </button>
  );
}

function Contact({ home }: { home: HomeView }) {
  if (home.online) return <span class="contact">{t("homes.online")}</span>;
  const since = home.state_at === null ? "" : ` ${formatClock(home.state_at)}`;
  return <span class="contact offline">{t("homes.offline")}{since}</span>;
}
