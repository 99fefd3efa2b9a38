/**
 * One's own account: where one is signed in, the second step, the password, and for administrators the services.
 *
 * What this is: the page. What it is not: any of the four parts. The one idea: the live link and its sound go on
 * behind this page, and the strip says how many people wait.
 */
import { useEffect } from "preact/hooks";
import type { Session } from "@/core/api";
import { Icon } from "@/ui/icons";
import { PageBand } from "../band";
import "./account.css";
import { Factor } from "./factor";
import { Password } from "./password";
import { Sessions } from "./sessions";
import { forget, mayAdminister, read } from "./state";
import { Tokens } from "./tokens";
import { term } from "../words";

export function Account({ person }: { person: Session }) {
  useEffect(() => {
    void read();
    document.getElementById("account-title")?.focus();
    return forget;
  }, []);
  return (
    <div class="account">
      <PageBand person={person} />
      <main>
        <div class="account-who">
          <Icon name="user" size={40} />
          <div>
            <h1 id="account-title" tabIndex={-1}>{person.name}</h1>
            <p>{term("role", person.role)}</p>
          </div>
        </div>
        <Sessions />
        <Factor />
        <Password />
        {mayAdminister() && <Tokens />}
      </main>
    </div>
  );
}
