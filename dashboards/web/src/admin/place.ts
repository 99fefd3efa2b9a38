/**
 * Where in the administration somebody is, as the address says it.
 *
 * What this is: the parts, who may see which, and the address of each. What it is not: what a part shows. The one
 * idea: the address is the only state, so that back, forward and a link in a letter all work.
 */
import { computed, signal } from "@preact/signals";
import type { Permission } from "@/core/api";
import type { IconName } from "@/ui/icons";
import { session } from "@/sign/session";

export const PARTS = {
  homes: { needs: "administer", icon: "door" },
  residents: { needs: "administer", icon: "user" },
  import: { needs: "administer", icon: "up" },
  tags: { needs: "lead_visits", icon: "flag" },
  gateways: { needs: "administer", icon: "plug" },
  devices: { needs: "administer", icon: "screen" },
  enrolment: { needs: "administer", icon: "key" },
  staff: { needs: "administer", icon: "shield" },
  responders: { needs: "manage_responders", icon: "siren" },
  workers: { needs: "lead_visits", icon: "door" },
  mutes: { needs: "read_queue", icon: "muted" },
  proposals: { needs: "tune_rules", icon: "list" },
  glass: { needs: "review_access", icon: "eye" },
  rights: { needs: "manage_person", icon: "file" },
  hours: { needs: "manage_hours", icon: "check" },
  services: { needs: "administer", icon: "plug" },
  centres: { needs: "administer", icon: "map" },
  tenant: { needs: "administer", icon: "flag" },
  tenants: { needs: "manage_tenants", icon: "map" },
  audit: { needs: "read_audit", icon: "note" },
} as const satisfies Readonly<Record<string, { needs: Permission; icon: IconName }>>;

export type Part = keyof typeof PARTS;

/** Parts that stand together in the list. */
export const GROUPS = {
  homes: ["homes", "residents", "import", "tags"],
  things: ["gateways", "devices", "enrolment"],
  people: ["staff", "responders", "workers", "hours"],
  decisions: ["mutes", "proposals", "glass", "rights"],
  house: ["centres", "tenant", "tenants", "services", "audit"],
} as const satisfies Readonly<Record<string, readonly Part[]>>;

export type Group = keyof typeof GROUPS;

export interface Place {
  readonly part: Part | null;
  /** The number of what is open in the part; `null`: its list. */
  readonly id: number | null;
}

/** What may be done here by one of whom: the page opens for whoever may do any of it. */
export const NEEDS: readonly Permission[] = [...new Set(Object.values(PARTS).map((part) => part.needs))].filter((one) => one !== "read_queue");

export const place = signal<Place>({ part: null, id: null });

/** The parts that the person who is signed in may see, in the order of the list. */
export const seen = computed<readonly Part[]>(() =>
  Object.values(GROUPS).flat().filter((part) => session.value?.permissions.includes(PARTS[part].needs) === true));

/** The part that is shown: of the address, or the first that there is. */
export const part = computed<Part | null>(() => {
  const asked = place.value.part;
  return asked !== null && seen.value.includes(asked) ? asked : (seen.value[0] ?? null);
});

export function placeOf(path: string): Place {
  const [, name = "", id] = /^\/admin\/([a-z]*)(?:\/(\d{1,10}))?\/?$/.exec(path) ?? [];
  return name in PARTS ? { part: name as Part, id: id === undefined ? null : Number(id) } : { part: null, id: null };
}

export function pathOf(to: Place): string {
  return `/admin/${to.part ?? ""}${to.id === null ? "" : `/${to.id}`}`;
}

/** Show another part. */
export function goTo(name: Part, id: number | null = null): void {
  const to = { part: name, id };
  history.pushState(null, "", pathOf(to));
  place.value = to;
}

/** Follow the address, from now on. */
export function followAddress(): void {
  const arrive = () => (place.value = placeOf(location.pathname));
  addEventListener("popstate", arrive);
  arrive();
}
