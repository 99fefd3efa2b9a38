/**
 * Emergencies that this worker is asked to: above the day, answered at once.
 *
 * What this is: what the platform asks, read anew every half minute while the page is looked at. What it is not: the
 * outbox: a yes that arrives an hour later would send two people or none, so an answer that does not get through is
 * told, and not kept.
 */
import { useEffect } from "preact/hooks";
import type { components } from "@/core/schema";
import { randomKey } from "@/core/api";
import { asking, personal } from "@/sign/session";
import { notify } from "@/ui/notices";
import { Icon } from "@/ui/icons";
import { Button, PriorityTag } from "@/ui/parts";
import { mapLink } from "./day";
import { place } from "./door";
import { online, tag } from "./model";
import { ask } from "./server";
import { t, term } from "./words";
import { clock } from "./words-of";

type Duty = components["schemas"]["cloud__dispatch__views__DutyView"];
type Call = components["schemas"]["MyAsk"];

const EVERY_MS = 30_000;
const PLACE_MS = 3_000;
const NOT_A_WORKER = 404;
const calls = personal<readonly Call[]>([]);
const questions = asking();

/** Read them; gives whether to go on asking: who is not in the register of responders is never asked. */
async function read(): Promise<boolean> {
  const mayShow = questions.ask();
  const answer = await ask<Duty>("GET", "/duty");
  if (answer?.status === 200 && mayShow()) calls.value = answer.body.asks;
  return answer?.status !== NOT_A_WORKER;
}

async function tell(path: string, body: unknown): Promise<void> {
  const answer = await ask("POST", path, body, randomKey());
  questions.drop(); // what was asked before knows nothing of it
  const heard = answer !== null && answer.status < 300;
  notify(t(heard ? "call.said" : "call.unsaid"), !heard);
  await read();
}

const answer = (call: Call, said: "accept" | "decline") => tell(`/duty/incidents/${call.incident_id}/answer`, { said });
const word = (call: Call, spoken: "well" | "left") => tell(`/duty/incidents/${call.incident_id}/word`, { word: spoken });

async function arrived(call: Call): Promise<void> {
  const here = await place(PLACE_MS);
  if (here !== null) await ask("POST", "/duty/places", { latitude: here.latitude, longitude: here.longitude }, randomKey());
  const code = tag.peek();
  await tell(`/duty/incidents/${call.incident_id}/answer`, { said: "arrived", ...(code === null ? {} : { tag: code }) });
}

export function Calls() {
  useEffect(() => {
    let timer = 0;
    const again = async () => {
      const goesOn = document.visibilityState === "hidden" || !online.peek() || (await read());
      if (goesOn) timer = window.setTimeout(() => void again(), EVERY_MS);
    };
    void again();
    return () => clearTimeout(timer);
  }, []);
  return <>{calls.value.filter((one) => one.answer !== "no").map((one) => <Asked key={one.incident_id} call={one} />)}</>;
}

function Asked({ call }: { call: Call }) {
  const { latitude, longitude } = call;
  return (
    <section class="card call" data-incident={call.incident_id}>
      <p class="about"><PriorityTag priority={call.priority} /><strong>{t("call.title")}</strong></p>
      <h2>{t("call.to", { what: term("kind", call.kind), name: call.resident })}</h2>
      <p>{call.address}{call.has_key && <> · <span class="has-key"><Icon name="key" size={18} />{t("call.key")}</span></>}</p>
      {call.expected_at !== null && call.arrived_at === null && <p>{t("call.expected", { at: clock(call.expected_at) })}</p>}
      <div class="row">
        {latitude !== null && longitude !== null && (
          <a class="button" href={mapLink(latitude, longitude, call.address, navigator.userAgent)}><Icon name="map" />{t("go.map")}</a>
        )}
        {call.answer === null && <Button kind="primary" onClick={() => void answer(call, "accept")}>{t("call.go")}</Button>}
        {call.arrived_at === null && <Button onClick={() => void answer(call, "decline")}>{t("call.cannot")}</Button>}
        {call.answer === "yes" && call.arrived_at === null && <Button kind="primary" onClick={() => void arrived(call)}>{t("call.there")}</Button>}
        {call.arrived_at !== null && <Button kind="primary" onClick={() => void word(call, "well")}>{t("call.well")}</Button>}
        {call.arrived_at !== null && <Button onClick={() => void word(call, "left")}>{t("call.leave")}</Button>}
      </div>
    </section>
  );
}
