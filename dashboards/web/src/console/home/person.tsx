/** Who lives there: the person before the equipment. */
import type { HomeCard } from "@/core/api";
import { t, term } from "../words";
import { formatPhone } from "@/core/phone";
import { formatAgo } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Button, PriorityTag } from "@/ui/parts";
import { Call } from "../call";
import { homeId, nowMs, openIncidents, select } from "../model";
import { formatWithheld } from "../readings";
import { tag } from "../names";
import { Panel } from "./panel";
import { card } from "./state";

export function Person() {
  const who = card.value.value?.resident;
  const title = who ? t("person.name_age", { name: who.name, age: who.age }) : t("home.nobody");
  return (
    <Panel name="person" title={card.value.why === "loading" ? t("app.loading") : title} of={card.value}>
      {(found) => <Facts found={found} />}
    </Panel>
  );
}

function Facts({ found }: { found: HomeCard }) {
  const who = found.resident;
  return (
    <div id="home-title" tabIndex={-1} class="home-facts">
      <OpenIncidents />
      {who !== null && (
        <p class="facts">
          {who.lives_alone && <span class="chip">{t("person.lives_alone")}</span>}
          <span class="chip">{term("ability", String(who.ability_level))}</span>
          <span class="chip">{t(who.sex === "f" ? "person.woman" : "person.man")}</span>
        </p>
      )}
      <p>{found.address}</p>
      {who?.notes && <p class="warning">{who.notes}</p>}
      {who?.phone && (
        <p class="home-phone">
          <Call phone={who.phone} who={who.name} label={t("action.call_home")} />
          <span class="digits">{formatPhone(who.phone)}</span>
        </p>
      )}
      <p class={`home-line ${found.online ? "" : "offline"}`}>
        <Icon name={found.online ? "plug" : "offline"} size={18} />
        {t(found.online ? "homes.online" : "homes.offline")}
        {found.state_at !== null && <small>{formatAgo(found.state_at, nowMs.value, tag())}</small>}
      </p>
      {found.withheld.length > 0 && <p class="quiet">{formatWithheld(found)}</p>}
    </div>
  );
}

/** What is going on there right now leads back to the queue. */
function OpenIncidents() {
  const open = openIncidents.value.filter((incident) => incident.home_id === homeId.value);
  if (open.length === 0) return null;
  return (
    <ul class="home-open">
      {open.map((incident) => (
        <li key={incident.id}>
          <PriorityTag priority={incident.priority} label={term("kind", incident.kind)} />
          <span>{term("state", incident.state)}</span>
          <Button kind="primary" icon="file" onClick={() => select(incident.id)}>{t("home.to_incident")}</Button>
        </li>
      ))}
    </ul>
  );
}
