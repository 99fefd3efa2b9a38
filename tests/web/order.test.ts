import { describe, expect, it } from "vitest";
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
