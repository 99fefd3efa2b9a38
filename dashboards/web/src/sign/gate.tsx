/** What stands between the door and a page: sign-in, a first password, the second step, or "not for you". */
import type { ComponentChildren } from "preact";
import type { Permission, Session } from "@/core/api";
import { t } from "@/core/i18n";
import { notices } from "@/ui/notices";
import { Places } from "@/ui/pages";
import { Button } from "@/ui/parts";
import { ChoosePassword, Enrol, SecondFactor } from "./second-factor";
import { enrolling, leave, session } from "./session";
import { SignIn } from "./sign-in";
import "./sign.css";

interface GateProps {
  /** What this page is, under the name of the platform. */
  readonly title: string;
  /** What whoever signs in should know. */
  readonly hint: string;
  /** What one of must be allowed; none: whoever is signed in may see the page. */
  readonly needs?: readonly Permission[];
  readonly children: (person: Session) => ComponentChildren;
}

export function Gate({ title, hint, needs = [], children }: GateProps) {
  const person = session.value;
  if (person === undefined) return <p class="opening" role="status">{t("app.opening")}</p>;
  if (person === null) return <><SignIn title={title} hint={hint} /><Notices /></>;
  if (person.one_time) return <><ChoosePassword /><Notices /></>;
  if (person.second_factor === "owed") return <SecondFactor />;
  if (person.second_factor === "missing" || enrolling.value !== null) return <Enrol />;
  if (needs.length > 0 && !needs.some((one) => person.permissions.includes(one))) return <NotForYou person={person} />;
  return <>{children(person)}<Notices /></>;
}

function NotForYou({ person }: { person: Session }) {
  return (
    <main class="opening">
      <p>{t("app.no_permission")}</p>
      <Places person={person} />
      <a class="button" href="/console/account">{t("account.title")}</a>
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
