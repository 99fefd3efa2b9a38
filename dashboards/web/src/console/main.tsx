/** The operator's console: the shell with its queue, pane and map, and one's own account. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./console.css";
import "./narrow.css";
import type { Session } from "@/core/api";
import { Gate } from "@/sign/gate";
import { Account } from "./account/page";
import { DevicesPage } from "./devices";
import { Dialogs } from "./dialogs";
import { Header, LostBar } from "./header";
import { Home } from "./home/page";
import { Homes } from "./homes";
import { listenToKeys } from "./keys";
import { MapPage } from "./map-page";
import { MapPanel } from "./map-panel";
import { begin, link, page, selected, view } from "./model";
import { Pane } from "./pane";
import { Queue } from "./queue";
import { ShiftPage } from "./shift";
import { Tabs } from "./tabs";
import { VisitsPage } from "./visits";
import { t } from "./words";

function Console() {
  const account = page.value === "account";
  return (
    <Gate title={t("app.console")} hint={t("sign_in.shift_hint")} needs={account ? [] : ["read_queue"]}>
      {(person) => (account ? <Account person={person} /> : page.value === "home" ? <HomePage person={person} /> : <Shell person={person} />)}
    </Gate>
  );
}

function HomePage({ person }: { person: Session }) {
  return (
    <>
      <Home person={person} />
      <Dialogs />
    </>
  );
}

function Shell({ person }: { person: Session }) {
  return (
    <div class={`shell ${link.value === "lost" ? "lost" : ""}`}>
      <Header person={person} />
      <LostBar />
      <Shown />
      <Dialogs />
    </div>
  );
}

function Shown() {
  switch (page.value) {
    case "map": return <MapPage />;
    case "devices": return <DevicesPage />;
    case "shift": return <ShiftPage />;
    case "visits": return <VisitsPage />;
    default: return <Work />;
  }
}

const ONE_COLUMN = "(max-width: 1023px)"; // as in narrow.css

/** Where the incident stands below the queue, whoever chooses one is brought there. */
function bringIntoSight(chosen: number | null): void {
  if (chosen !== null && matchMedia(ONE_COLUMN).matches) document.querySelector(".side")?.scrollIntoView({ block: "start" });
}

function Work() {
  const chosen = selected.value;
  useEffect(() => bringIntoSight(chosen), [chosen]);
  return (
    <main class="work" data-view={chosen === null && view.value === "incident" ? "map" : view.value}>
      <Queue />
      <div class="side">
        <Tabs />
        <Pane />
        <MapPanel />
        <Homes />
      </div>
    </main>
  );
}

begin();
listenToKeys();
const root = document.getElementById("app");
if (root !== null) render(<Console />, root);
