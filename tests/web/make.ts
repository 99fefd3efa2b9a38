/** Records for the tests, whole and typed; each test names only what it is about. */
import type { HomeView, IncidentView, Snapshot } from "@/core/api";

export const T0 = Date.parse("2026-03-01T08:00:00Z");
export const at = (seconds: number) => new Date(T0 + seconds * 1_000).toISOString();

export function incident(id: number, changes: Partial<IncidentView> = {}): IncidentView {
  return {
    id, kind: "fall", priority: 1, state: "raised", state_since: at(0), due_at: null, observed_at: at(0), opened_at: at(0),
    acked_at: null, owner: null, home_id: id, resident: "李玉珍", age: 83, lives_alone: true, ability_level: 1,
    address: "坨院街道第1组2号", room: "bathroom", latitude: 27.55, longitude: 110, evidence: {}, responder: "",
    eta_at: null, outcome: null, note: "", closed_at: null, version: 1, area: "", area_name: "", ...changes,
  };
}

export function home(id: number, changes: Partial<HomeView> = {}): HomeView {
  return {
    id, resident: "李玉珍", age: 83, address: "坨院街道第1组2号", latitude: 27.55, longitude: 110, online: true,
    state_at: null, open_priority: null, ...changes,
  };
}

export function snapshot(seq: number, incidents: IncidentView[] = [], homes: HomeView[] = [], seconds = 0): Snapshot {
  return { seq, now: at(seconds), incidents, homes };
}
