/** The view of county and city. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import { Gate } from "@/sign/gate";
import { beginSession } from "@/sign/session";
import { t } from "./words";

function Page() {
  return (
    <Gate title={t("kpi.title")} hint="" needs={["read_figures"]}>
      {(person) => <main><h1>{t("kpi.title")}</h1><p>{person.name}</p></main>}
    </Gate>
  );
}

beginSession({ title: () => t("kpi.title") });
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
