/** The caseworker's page. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import { Gate } from "@/sign/gate";
import { beginSession } from "@/sign/session";
import { t } from "./words";

function Page() {
  return (
    <Gate title={t("field.title")} hint="" needs={["make_visits"]}>
      {(person) => <main><h1>{t("field.title")}</h1><p>{person.name}</p></main>}
    </Gate>
  );
}

beginSession({ title: () => t("field.title") });
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
