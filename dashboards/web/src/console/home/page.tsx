/**
 * The page of one home: who lives there, where they were last noticed, and how their days go.
 *
 * What this is: the arrangement. What it is not: any of the blocks. The one idea: one page answers what an operator is
 * asked on the telephone (is she up? since when? who has a key? when was somebody there?), and says how old each answer is.
 */
import { useEffect } from "preact/hooks";
import type { Session } from "@/core/api";
import { t } from "../words";
import { PageBand } from "../band";
import { homeId } from "../model";
import { Care } from "./care";
import { Day } from "./day";
import "./home.css";
import { Contacts, Devices, Incidents, Visits } from "./lists";
import { Mutes } from "./mutes";
import { Orders } from "./orders";
import { Person } from "./person";
import { Places } from "./places";
import { mayOversee } from "../oversee";
import { card } from "./state";
import { Trail } from "./trail";
import { Vitals } from "./vitals-panel";
import { Week } from "./week";

export function Home({ person }: { person: Session }) {
  useEffect(() => document.getElementById("home-title")?.focus(), [homeId.value]);
  if (card.value.why === "refused") return <Missing person={person} />;
  return (
    <div class="home-page" data-home={homeId.value}>
      <PageBand person={person} />
      <main>
        <div class="home-left">
          <Person />
          <Mutes person={person} />
          <Contacts />
          <Care />
        </div>
        <div class="home-middle">
          <Places />
          <Week />
          <Day />
          <Vitals />
        </div>
        <div class="home-right">
          <Incidents />
          <Visits />
          <Orders person={person} />
          <Devices />
          {mayOversee() && <Trail />}
        </div>
      </main>
    </div>
  );
}

function Missing({ person }: { person: Session }) {
  return (
    <div class="home-page">
      <PageBand person={person} />
      <main class="opening"><p>{t("home.missing")}</p></main>
    </div>
  );
}
