/** The operator's console: sign-in, or the shell with its queue, pane and map. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./console.css";
import { t } from "@/core/i18n";
import { Dialogs } from "./dialogs";
import { Header, LostBar } from "./header";
import { Homes } from "./homes";
import { listenToKeys } from "./keys";
import { MapPanel } from "./map-panel";
import { begin, enrolling, leave, link, selected, session, view } from "./model";
import { notices } from "./notices";
import { Pane } from "./pane";
import { Queue } from "./queue";
import { Enrol, SecondFactor } from "./second-factor";
import { SignIn } from "./sign-in";
import { Tabs } from "./tabs";
import { Button } from "@/ui/parts";

function Console() {
  const person = session.value;
  if (person === undefined) return <p class="opening" role="status">{t("app.opening")}</p>;
  if (person === null) return <SignIn />;
  if (person.second_factor === "owed") return <SecondFactor />;
  if (person.second_factor === "missing" || enrolling.value) return <Enrol />;
  if (!person.permissions.includes("read_queue")) return <NotForYou />;
  return (
    <div class={`shell ${link.value === "lost" ? "lost" : ""}`}>
      <Header person={person} />
      <LostBar />
      <main class="work" data-view={selected.value === null && view.value === "incident" ? "map" : view.value}>
        <Queue />
        <div class="side">
          <Tabs />
          <Pane />
          <MapPanel />
          <Homes />
        </div>
      </main>
      <Dialogs />
      <Notices />
    </div>
  );
}

function NotForYou() {
  return (
    <main class="opening">
      <p>{t("app.no_permission")}</p>
      {session.value?.second_factor === "not_needed" && (
        <Button icon="key" onClick={() => (enrolling.value = true)}>{t("second_factor.enrol")}</Button>
      )}
      <Button icon="leave" onClick={() => void leave()}>{t("action.sign_out")}</Button>
    </main>
  );
}

function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <p key={notice.id} class={notice.bad ? "bad" : ""}>{notice.text}</p>
      ))}
    </div>
  );
}

begin();
listenToKeys();
const root = document.getElementById("app");
if (root !== null) render(<Console />, root);
