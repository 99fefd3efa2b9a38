/** The caseworker's page: the day, one visit, what waits to be sent, one's own hours. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./field.css";
import { Gate } from "@/sign/gate";
import { beginSession } from "@/sign/session";
import { later } from "@/ui/later";
import { FormPage } from "./form";
import { beginKnown } from "./known";
import { begin, today } from "./model";
import { beginRoute, route } from "./route";
import { Header, Strip } from "./shell";
import { SosDialog } from "./sos";
import { beginSize } from "./size";
import { Today } from "./today";
import { Visit } from "./visit";
import { entered, hold, known, leaving, left } from "./who";
import { t } from "./words";

const Assess = later(() => import("./assess").then((part) => part.Assess));
const Find = later(() => import("./find").then((part) => part.Find));
const Me = later(() => import("./me").then((part) => part.Me));
const Out = later(() => import("./out").then((part) => part.Out));

function View() {
  const { view, visit } = route.value;
  const at = today.value?.visits.find((one) => one.visit.key === visit);
  switch (view) {
    case "out":
      return <Out />;
    case "me":
      return <Me />;
    case "find":
      return <Find />;
    case "today":
      return <Today />;
    default:
      if (at === undefined) return <main class="field"><p class="empty">{t("visit.gone")}</p></main>;
      if (view === "form") return <FormPage at={at} />;
      return view === "assess" ? <Assess at={at} /> : <Visit at={at} />;
  }
}

function Page() {
  return (
    <Gate title={t("field.title")} hint={t("field.hint")} needs={["make_visits"]}>
      {() => (
        <>
          <Header />
          <Strip />
          <View />
          <SosDialog />
        </>
      )}
    </Gate>
  );
}

beginSize();
beginRoute();
beginKnown();
void begin().then(() => {
  hold();
  beginSession({
    title: () => t("field.title"),
    entered: (person) => void entered(person),
    leaving,
    left: (byHand) => void left(byHand),
    unreachable: known,
  });
});
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/field/sw.js", { type: "module" }).catch(() => undefined);
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
