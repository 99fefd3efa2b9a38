/** One home with everything in it: who lives there, who is called, what stands there, and what was decided. */
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Newest } from "@/core/newest";
import { Icon } from "@/ui/icons";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import { DrawClaim } from "./claims";
import { Form } from "./form";
import { KINDS, type Kept } from "./kinds";
import { goTo } from "./place";
import { ChangeRecord, nameOf, Records, Where } from "./records";
import { Consents, Rights } from "./rights";
import { changes } from "./table";
import { t, term } from "./words";
import { http, type Schemas } from "./wire";

/** What is read of the home that is open; `null`: not yet; `undefined`: there is none, or it cannot be read. */
const home = signal<Schemas["KeptHome"] | null | undefined>(null);
const gateways = signal<readonly string[]>([]);

const [homes, boxes] = [new Newest(), new Newest()];

/** What is answered about a home that was left stands on no other home's page. */
function read(id: number): void {
  const [isHome, isBox] = [homes.ask(id), boxes.ask(id)];
  const putHome = (found: Schemas["KeptHome"] | undefined) => void (isHome() && (home.value = found));
  const putBoxes = (found: readonly string[]) => void (isBox() && (gateways.value = found));
  http.ask<Schemas["KeptHome"]>("GET", `/register/homes/${id}`).then(putHome, () => putHome(undefined));
  http.ask<Schemas["GatewayPage"]>("GET", `/register/gateways?home_id=${id}`).then(
    (found) => putBoxes(found.items.map((one) => String(one.id))),
    () => putBoxes([]),
  );
}

function forget(): void {
  for (const questions of [homes, boxes]) questions.drop();
  [home.value, gateways.value] = [null, []];
}

export function Homes({ id }: { id: number | null }) {
  return id === null ? <Records kind="homes" /> : <Home key={id} id={id} />;
}

function Home({ id }: { id: number }) {
  const found = home.value;
  const changing = useSignal(false);
  const muting = useSignal(false);
  useEffect(() => read(id), [id, changes.value]);
  useEffect(() => forget, []);
  return (
    <div class="one">
      <Button kind="quiet" icon="back" onClick={() => goTo("homes")}>{t("home.back")}</Button>
      {found === null && <p class="quiet" role="status">{t("app.loading")}</p>}
      {found === undefined && <p class="none" role="alert">{t("home.none")}</p>}
      {found !== null && found !== undefined && (
        <>
          <header class="panel headline">
            <Icon name="door" size={36} />
            <div>
              <h2>{nameOf(found)}</h2>
              <p class="quiet">{found.record.address} · <Where name={found.division_name} code={found.record.division} /></p>
              {found.retired_at != null && <p class="chip">{t("record.retired")}</p>}
            </div>
            <span class="spring" />
            <Button onClick={() => (muting.value = true)}>{t("mute.set")}</Button>
            <Button icon="note" onClick={() => (changing.value = true)}>{t("record.change")}</Button>
          </header>
          <Block name="residents"><Records kind="residents" home={id} more={(kept) => <OfPerson kept={kept} />} /></Block>
          <Block name="contacts"><Records kind="contacts" home={id} /></Block>
          <Block name="gateways"><Records kind="gateways" home={id} more={(kept) => <Claim kept={kept} home={id} />} />
            {gateways.value.length === 0 && <Claim home={id} />}
          </Block>
          <Block name="devices"><Records kind="devices" home={id} gateways={gateways.value} /></Block>
          {changing.value && <ChangeRecord kind={KINDS.homes} kept={found} onClose={() => (changing.value = false)} done={(said) => { changes.value += 1; notify(said); }} />}
          {muting.value && <Mute id={id} name={nameOf(found)} onClose={() => (muting.value = false)} />}
        </>
      )}
    </div>
  );
}

function Block({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <section class="panel block" aria-labelledby={`block-${name}`}>
      <h3 id={`block-${name}`}>{term("part", name)}</h3>
      {children}
    </section>
  );
}

/** What a person may ask for, from their row. */
export function OfPerson({ kept }: { kept: Kept }) {
  const open = useSignal<"consents" | "rights" | null>(null);
  const close = () => (open.value = null);
  return (
    <>
      <Button label={t("consents.of", { name: nameOf(kept) })} onClick={() => (open.value = "consents")}>{t("consents.title")}</Button>
      <Button label={t("rights.of", { name: nameOf(kept) })} onClick={() => (open.value = "rights")}>{t("rights.title")}</Button>
      {open.value === "consents" && <Consents resident={Number(kept.id)} name={nameOf(kept)} onClose={close} />}
      {open.value === "rights" && <Rights resident={Number(kept.id)} name={nameOf(kept)} onClose={close} />}
    </>
  );
}

function Claim({ kept, home: id }: { kept?: Kept; home: number }) {
  const open = useSignal(false);
  return (
    <>
      <Button icon="key" onClick={() => (open.value = true)}>{t("claim.draw")}</Button>
      {open.value && <DrawClaim home={id} gateway={kept === undefined ? null : String(kept.id)} onClose={() => (open.value = false)} />}
    </>
  );
}

const WHYS = ["hospital", "away", "works"] as const;

function Mute({ id, name, onClose }: { id: number; name: string; onClose: () => void }) {
  return (
    <Form
      title={t("mute.of", { name })}
      about={t("mute.about")}
      fields={[
        { name: "why", is: "choice", of: WHYS, words: "why" },
        { name: "reason", is: "long" },
        { name: "hours", is: "number", least: 1, most: 720, whole: true },
      ]}
      before={{ hours: 24 }}
      action={t("mute.set")}
      refusals={{ mute_too_long: "mute.too_long" }}
      save={async (values) => {
        await http.command("POST", `/homes/${id}/mutes`, values);
        notify(t("mute.is_set"));
      }}
      onClose={onClose}
    />
  );
}
