import { describe, expect, it } from "vitest";
import { summed, type PlanView } from "@/console/due";
import { asked, clock, draftFrom, faultOf, type Draft } from "@/console/home/order";

const NOON = new Date(2026, 10, 26, 12).getTime();
const MEALS: Draft = { ...draftFrom(NOON), services: new Set(["bathing", "meals"]), weekdays: new Set([5, 1]) };

describe("an order as it is typed", () => {
  it("begins tomorrow by the clock of this place, and nothing is chosen that nobody chose", () => {
    expect(draftFrom(new Date(2026, 11, 31, 23, 59).getTime()).since).toBe("2027-01-01");
    expect(faultOf(draftFrom(NOON))).toBe("orders.lacks_service");
  });

  it.each<[Partial<Draft>, ReturnType<typeof faultOf>]>([
    [{}, null],
    [{ weekdays: new Set() }, "orders.lacks_weekday"],
    [{ often: "every", every: 0 }, "orders.wrong_every"],
    [{ often: "every", every: 1.5 }, "orders.wrong_every"],
    [{ often: "every", every: NaN }, "orders.wrong_every"],
    [{ often: "every", every: 14, weekdays: new Set() }, null],
    [{ open: "" }, "orders.lacks_time"],
    [{ open: "11:30" }, "orders.wrong_time"],
    [{ until: "2026-11-26" }, "orders.wrong_until"],
    [{ until: "2026-11-27" }, null],
    [{ kind: "regular", services: new Set() }, null],
  ])("says what is wrong first: %o", (change, fault) => {
    expect(faultOf({ ...MEALS, ...change })).toBe(fault);
  });

  it("sends days and services in their order, and only what belongs to the kind", () => {
    expect(asked(7, MEALS)).toMatchObject({
      resident_id: 7, services: ["meals", "bathing"], weekdays: [1, 5], every_days: null, open_min: 540, due_min: 660, since: "2026-11-27", until: null,
    });
    expect(asked(7, { ...MEALS, kind: "welfare", often: "every", until: "2026-12-24" })).toMatchObject({
      services: [], weekdays: [], every_days: 7, until: "2026-12-24",
    });
    expect([0, 570, 1439].map(clock)).toEqual(["00:00", "09:30", "23:59"]);
  });
});

describe("the plans of a day", () => {
  const plan = (id: number, township: string, changes: Partial<PlanView> = {}): PlanView => ({
    id, township, on_day: "2026-11-27", asked_at: "2026-11-26T12:00:00Z", asked_by: null, made_at: "2026-11-26T12:01:00Z", appointments: 4, left_out: 1,
    travel_min: 60, faults: [], ...changes,
  });

  it("come to the last of each township", () => {
    expect(summed([])).toEqual({ townships: 0, pending: 0, visits: 0, left: 0, faulty: 0 });
    const unmade = { made_at: null, appointments: null, left_out: null };
    const plans = [plan(3, "431202001", { appointments: 9 }), plan(1, "431202001"), plan(2, "431202002"), plan(4, "431202002", unmade)];
    expect(summed(plans)).toEqual({ townships: 2, pending: 1, visits: 9, left: 1, faulty: 0 });
    expect(summed([plan(1, "431202001", { faults: ["late"], appointments: 0 })]).faulty).toBe(1);
  });
});
