/** The wall. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import { Gate } from "@/sign/gate";
import { beginSession } from "@/sign/session";
import { t } from "./words";

function Page() {
  return (
    <Gate title={t("wall.title")} hint="" needs={["read_queue"]}>
      {(person) => <main><h1>{t("wall.title")}</h1><p>{person.name}</p></main>}
    </Gate>
  );
}

beginSession({ title: () => t("wall.title") });
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
