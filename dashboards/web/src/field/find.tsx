/** A visit that nobody planned: whom, which kind, and then a visit like any other. */
import { useState } from "preact/hooks";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import { course } from "./day";
import { KINDS, matching, type OpenDoor, type VisitKind } from "./doors";
import { beginVisit, doors, found, search } from "./known";
import { online, own, today } from "./model";
import { goTo, hrefOf } from "./route";
import { t, term } from "./words";
import { owed } from "./words-of";

/** More cannot be looked over on a telephone. [D] */
const SHOWN = 20;

export function Find() {
  const [words, setWords] = useState("");
  const [chosen, setChosen] = useState(0);
  const all = new Map([...(doors.value?.value.items ?? []), ...found.value].map((door) => [door.resident_id, door]));
  const fitting = matching([...all.values()], words.trim());
  const elsewhere = async (event: SubmitEvent) => {
    event.preventDefault();
    if (words.trim() !== "" && !(await search(words.trim()))) notify(t("find.unheard"), true);
  };
  return (
    <main class="field">
      <form class="find" role="search" onSubmit={(event) => void elsewhere(event)}>
        <label class="ask"><span>{t("find.label")}</span>
          <input type="search" value={words} maxLength={100} autocomplete="off" onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
        {online.value && <Button type="submit" icon="search" disabled={words.trim() === ""}>{t("find.elsewhere")}</Button>}
      </form>
      {fitting.length === 0 && <p class="empty">{t(doors.value === null ? "find.unread" : online.value ? "find.none" : "find.none_here")}</p>}
      <ul class="cards">
        {fitting.slice(0, SHOWN).map((door) => (
          <li key={door.resident_id} class="card" data-resident={door.resident_id}>
            <button type="button" class="card-main" aria-expanded={chosen === door.resident_id} onClick={() => setChosen(chosen === door.resident_id ? 0 : door.resident_id)}>
              <Whom door={door} />
            </button>
            {chosen === door.resident_id && <Begin door={door} />}
          </li>
        ))}
      </ul>
      {fitting.length > SHOWN && <p class="quiet">{t("find.many", { n: fitting.length - SHOWN })}</p>}
    </main>
  );
}

function Whom({ door }: { door: OpenDoor }) {
  const [why] = owed(door);
  return (
    <>
      <span class="card-top"><strong>{door.resident}</strong></span>
      <span class="card-where">{[t("day.age", { n: door.age }), door.lives_alone ? t("day.alone") : "", door.address].filter(Boolean).join(" · ")}</span>
      {why !== undefined && <span class={why.overdue ? "reason overdue" : "reason"}>{why.text}{why.overdue && ` · ${t("owed.overdue")}`}</span>}
    </>
  );
}

/** Which visit; one that is planned for today anyway stands before. */
function Begin({ door }: { door: OpenDoor }) {
  const [kind, setKind] = useState<VisitKind>(KINDS.includes(door.kind) ? door.kind : "regular");
  const planned = (today.value?.visits ?? []).filter((at) => at.visit.resident_id === door.resident_id && course(at, own.value).stage !== "over");
  const begin = async () => goTo("visit", await beginVisit(door, kind));
  return (
    <div class="begin">
      {planned.map(({ visit }) => (
        <a key={visit.key} class="button" href={hrefOf("visit", visit.key)}>{t("find.today", { what: term("visit_kind", visit.kind) })}</a>
      ))}
      <fieldset class="ask">
        <legend>{t("find.kind")}</legend>
        <div class="picks">
          {KINDS.map((one) => (
            <label key={one} class="pick">
              <input type="radio" name={`kind-${door.resident_id}`} checked={kind === one} onChange={() => setKind(one)} />
              <span>{term("visit_kind", one)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <Button kind="primary" icon="door" onClick={() => void begin()}>{t("find.begin")}</Button>
    </div>
  );
}
