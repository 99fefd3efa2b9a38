import { describe, expect, it } from "vitest";
import type { IncidentState, IncidentView } from "@/core/api";
import { CAUSES, EQUIPMENT, rows } from "@/core/flood";
import { order } from "@/core/queue";
import vectors from "./flood.json";
import { at, incident, T0 } from "./make";

interface Said {
  id: number; kind: string; priority: number; opened_s: number;
  state?: string; due_s?: number; area?: string; home?: number; homes?: number[];
}

function told(said: Said): IncidentView {
  return incident(said.id, {
    kind: said.kind, priority: said.priority, opened_at: at(said.opened_s), state: (said.state ?? "raised") as IncidentState,
    due_at: said.due_s === undefined ? null : at(said.due_s), area: said.area ?? "431202001000", home_id: said.home ?? said.id,
    evidence: said.homes === undefined ? {} : { homes: said.homes },
  });
}

describe("the rule that the server has, too", () => {
  for (const one of vectors.cases) {
    it(one.name, () => {
      const many = one.many === undefined ? [] : Array.from({ length: one.many.of }, (_, n) => (
        told({ id: n, ...one.many, opened_s: one.many.from_s + one.many.every_s * n })
      ));
      const given = [...((one.incidents ?? []) as Said[]).map(told), ...many];
      const found = rows(order(given.reverse(), T0 + vectors.now_s * 1_000));
      if (one.rows_of !== undefined) expect(found.map((row) => row.incidents.length)).toEqual(one.rows_of);
      else expect(found.map((row) => ({ cause: row.cause, ids: row.incidents.map((i) => i.id), homes: row.homes }))).toEqual(one.rows);
    });
  }

  it("knows the same equipment and the same causes", () => {
    expect([...EQUIPMENT].sort()).toEqual(vectors.equipment);
    expect(CAUSES).toEqual(vectors.causes);
  });
});
