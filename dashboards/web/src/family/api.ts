/** What the family's page asks of the platform. */
import { createTransport, type Transport } from "@/core/api";
import type { components } from "@/core/schema";

type Schemas = components["schemas"];
export type Followed = Schemas["Followed"];
export type FamilyHome = Schemas["FamilyHome"];
export type Progress = Schemas["ProgressView"];
export type Look = Schemas["LookView"];
export type Wishes = Schemas["WishesView"];
export type NewWishes = Schemas["NewWishes"];
export type NewPhone = Schemas["NewPhone"];
export type Hush = Schemas["HushView"];
export type NewHush = Schemas["NewHush"];
/** One text in every language. */
export type Said = FamilyHome["status"]["headline"];

export interface FamilyApi {
  followed(): Promise<Followed>;
  home(id: number): Promise<FamilyHome>;
  wishes(): Promise<Wishes>;
  putWishes(wishes: NewWishes): Promise<Wishes>;
  addPhone(phone: NewPhone): Promise<Wishes>;
  removePhone(id: number): Promise<void>;
  /** What this reader wants to hear nothing of, and until when. */
  hushes(): Promise<readonly Hush[]>;
  hush(home: number, what: NewHush): Promise<readonly Hush[]>;
  endHush(home: number): Promise<void>;
}

export function createFamilyApi({ once, command }: Transport = createTransport()): FamilyApi {
  return {
    followed: () => once("GET", "/family"),
    home: (id) => once("GET", `/family/homes/${id}`),
    wishes: () => once("GET", "/family/wishes"),
    putWishes: (wishes) => command("/family/wishes", wishes, "PUT"),
    addPhone: (phone) => command("/family/phones", phone),
    removePhone: (id) => command(`/family/phones/${id}`, undefined, "DELETE"),
    hushes: async () => (await once<Schemas["Hushes"]>("GET", "/family/hushes")).hushes,
    hush: async (home, what) => (await command<Schemas["Hushes"]>(`/family/homes/${home}/hush`, what, "PUT")).hushes,
    endHush: (home) => command(`/family/homes/${home}/hush`, undefined, "DELETE"),
  };
}
