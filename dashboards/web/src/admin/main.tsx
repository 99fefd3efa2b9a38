/** Administration: who lives where, what stands there, who may do what, and what waits for a decision. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./admin.css";
import type { Session } from "@/core/api";
import { locale } from "@/core/i18n";
import { Gate } from "@/sign/gate";
import { beginSession, leave, useLocale } from "@/sign/session";
import { Icon } from "@/ui/icons";
import { PagesMenu } from "@/ui/pages";
import { Button, LanguageSwitch } from "@/ui/parts";
import { Audit } from "./audit";
import { Enrolment } from "./claims";
import { Glass, Mutes, Proposals } from "./decisions";
import { Homes, OfPerson } from "./homes";
import { Hours } from "./hours";
import { Import } from "./import";
import { OfStaff } from "./staff";
import { followAddress, goTo, GROUPS, NEEDS, part, PARTS, pathOf, place, seen, type Group, type Part } from "./place";
import { Presence } from "./presence";
import { Records } from "./records";
import { Responders } from "./responders";
import { Keeping } from "./rights";
import { Services } from "./services";
import { Tags } from "./tags";
import { Tenants } from "./tenants";
import { t, term } from "./words";
import { Workers } from "./workers";
import type { JSX } from "preact";

const VIEWS: Readonly<Record<Part, () => JSX.Element>> = {
  homes: () => <Homes id={place.value.part === "homes" ? place.value.id : null} />,
  residents: () => <Records kind="residents" more={(kept) => <OfPerson kept={kept} />} />,
  import: () => <Import />,
  tags: () => <Tags />,
  gateways: () => <Records kind="gateways" />,
  devices: () => <Records kind="devices" />,
  enrolment: () => <Enrolment />,
  staff: () => <Records kind="staff" more={(kept) => <OfStaff kept={kept} />} />,
  responders: () => <Responders />,
  workers: () => <Workers />,
  mutes: () => <Mutes />,
  proposals: () => <Proposals />,
  glass: () => <Glass />,
  rights: () => <Keeping />,
  hours: () => <Hours />,
  services: () => <Services />,
  centres: () => <Records kind="centres" />,
  tenant: () => <Records kind="tenants" />,
  tenants: () => <Tenants />,
  audit: () => <Audit />,
};

function Page() {
  return (
    <Gate title={t("admin.title")} hint={t("admin.hint")} needs={NEEDS}>
      {(person) => <Administration person={person} />}
    </Gate>
  );
}

function Administration({ person }: { person: Session }) {
  const shown = part.value;
  const opened = place.value.id;
  useEffect(() => {
    if (shown !== null) document.getElementById("part-title")?.focus();
  }, [shown, opened]); // what had the focus is gone
  return (
    <div class="admin">
      <header class="band">
        <PagesMenu person={person} />
        <span class="wordmark" lang="zh-Hans">安伴</span>
        <span class="where">{t("admin.where")}</span>
        <span class="spring" />
        <span class="who"><Icon name="user" />{person.name}</span>
        <LanguageSwitch value={locale.value} onChange={useLocale} />
        <Button kind="quiet" icon="leave" label={t("action.sign_out")} onClick={() => void leave()} />
      </header>
      <Parts shown={shown} />
      <main>
        <h1 id="part-title" tabIndex={-1}>{shown === null ? t("admin.title") : term("part", shown)}</h1>
        {shown === null ? <p class="none">{t("admin.nothing")}</p> : <Shown key={shown} part={shown} />}
      </main>
      <Presence />
    </div>
  );
}

/** A component of its own, so that a part's state goes with it. */
function Shown({ part: name }: { part: Part }) {
  return VIEWS[name]();
}

function Parts({ shown }: { shown: Part | null }) {
  const groups = (Object.keys(GROUPS) as Group[])
    .map((name) => [name, GROUPS[name].filter((one: Part) => seen.value.includes(one))] as const)
    .filter(([, parts]) => parts.length > 0);
  return (
    <nav aria-label={t("admin.parts")}>
      {groups.map(([name, parts]) => (
        <section key={name}>
          <h2>{term("group", name)}</h2>
          <ul>
            {parts.map((one) => (
              <li key={one}>
                <a
                  href={pathOf({ part: one, id: null })}
                  aria-current={one === shown ? "page" : undefined}
                  onClick={(event) => { event.preventDefault(); goTo(one); }}
                >
                  <Icon name={PARTS[one].icon} />{term("part", one)}
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

followAddress();
beginSession({ title: () => t("admin.title") });
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
