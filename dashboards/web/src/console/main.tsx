/** The operator's console: sign-in, or the shell with its queue, pane and map. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./console.css";
import { t } from "@/core/i18n";
import { Account } from "./account/page";
import { Dialogs } from "./dialogs";
import { Header, LostBar } from "./header";
import { Homes } from "./homes";
import { listenToKeys } from "./keys";
import { MapPanel } from "./map-panel";
import { begin, enrolling, goTo, leave, link, page, selected, session, view } from "./model";
import { notices } from "./notices";
import { Pane } from "./pane";
import { Queue } from "./queue";
import { ChoosePassword, Enrol, SecondFactor } from "./second-factor";
import { SignIn } from "./sign-in";
import { Tabs } from "./tabs";
import { Button } from "@/ui/parts";

function Console() {
  const person = session.value;
  if (person === undefined) return <p class="opening" role="status">{t("app.opening")}</p>;
  if (person === null) return <SignIn />;
  if (person.one_time) return <ChoosePassword />;
  if (person.second_factor === "owed") return <SecondFactor />;
  if (person.second_factor === "missing" || enrolling.value !== null) return <Enrol />;
  if (page.value === "account") return <><Account person={person} /><Notices /></>;
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
      <Button icon="user" onClick={() => goTo("account")}>{t("account.title")}</Button>
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
