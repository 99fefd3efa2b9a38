/** The way from one page to another: only those that whoever is signed in may see. */
import type { Permission, Session } from "@/core/api";
import { t, type Key } from "@/core/i18n";
import { Icon, type IconName } from "./icons";
import "./pages.css";

interface Place {
  readonly path: string;
  readonly name: Key;
  readonly icon: IconName;
  readonly may: (person: Session) => boolean;
}

const allowed = (...any: readonly Permission[]) => (person: Session) => any.some((one) => person.permissions.includes(one));

const PLACES: readonly Place[] = [
  { path: "/console/", name: "pages.console", icon: "siren", may: allowed("read_queue") },
  { path: "/console/map", name: "pages.map", icon: "map", may: allowed("read_queue") },
  { path: "/console/visits", name: "pages.visits", icon: "door", may: (person) => ["read_queue", "make_visits"].every((one) => person.permissions.includes(one as Permission)) },
  { path: "/console/devices", name: "pages.devices", icon: "plug", may: allowed("read_queue") },
  { path: "/console/shift", name: "pages.shift", icon: "flag", may: allowed("hand_over") },
  { path: "/console/wall", name: "pages.wall", icon: "screen", may: allowed("read_wall") },
  { path: "/field/", name: "pages.field", icon: "home", may: allowed("make_visits") },
  { path: "/family/", name: "pages.family", icon: "user", may: (person) => person.role === "family" },
  { path: "/kpi/", name: "pages.kpi", icon: "list", may: allowed("read_figures") },
  { path: "/admin/", name: "pages.admin", icon: "key", may: allowed("administer", "manage_tenants", "manage_responders", "read_audit") },
];

/** Links to every page of this person. */
export function Places({ person }: { person: Session }) {
  const here = location.pathname;
  return (
    <nav class="places" aria-label={t("pages.title")}>
      {PLACES.filter((place) => place.may(person)).map((place) => (
        <a key={place.path} href={place.path} aria-current={place.path === here ? "page" : undefined}>
          <Icon name={place.icon} />{t(place.name)}
        </a>
      ))}
    </nav>
  );
}

/** The same behind a button, for the strip on top of a page. */
export function PagesMenu({ person }: { person: Session }) {
  return (
    <details class="pages" onKeyDown={(event) => event.key === "Escape" && (event.currentTarget.open = false)}>
      <summary class="button quiet" title={t("pages.title")} aria-label={t("pages.title")}><Icon name="menu" /></summary>
      <Places person={person} />
    </details>
  );
}
