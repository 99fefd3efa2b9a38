import { describe, expect, it } from "vitest";
import { nextTurn, scriptFor } from "@/core/triage";

const FALL = scriptFor("fall");
const yesOnlyTo = (i: number) => FALL.questions.slice(0, i + 1).map((_, j) => j === 0 || j === i);

describe("the script", () => {
  it.each(["smoke", "gas", "carbon_monoxide"])("for %s asks nothing before the fire brigade is called", (kind) => {
    expect(nextTurn(scriptFor(kind), [])).toMatchObject({ advice: { do: "emergency", service: "119" } });
  });

  it.each(["stove", "heat"])("for %s calls the fire brigade when somebody smells smoke, and takes silence for danger", (kind) => {
    expect(nextTurn(scriptFor(kind), [true, true])).toMatchObject({ advice: { do: "emergency", service: "119" } });
    expect(nextTurn(scriptFor(kind), [false])).toMatchObject({ advice: { do: "dispatch", priority: 1 } });
  });

  it("for a fall takes silence for an emergency", () => {
    expect(nextTurn(FALL, [false])).toMatchObject({ advice: { do: "dispatch", priority: 1 } });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("for a fall calls an ambulance when I-STUMBLE question %i is a yes", (i) => {
    expect(nextTurn(FALL, yesOnlyTo(i))).toMatchObject({ advice: { do: "emergency", service: "120" } });
  });

  it("for a fall sends a responder when every danger is denied", () => {
    expect(nextTurn(FALL, [true, ...Array<boolean>(8).fill(false)])).toMatchObject({ advice: { do: "dispatch", priority: 2 } });
  });

  it("asks one question at a time", () => expect(nextTurn(FALL, [true])).toEqual({ ask: FALL.questions[1] }));

  it.each([2, 3, 4])("for an illness calls an ambulance when sign %i of a stroke is a yes", (i) => {
    const answers = Array.from({ length: i + 1 }, (_, j) => j === 0 || j === i);
    expect(nextTurn(scriptFor("vitals"), answers)).toMatchObject({ advice: { do: "emergency", service: "120" } });
  });

  it("for an illness sends somebody for low sugar, and a doctor for new confusion", () => {
    const quiet = [true, false, false, false, false];
    expect(nextTurn(scriptFor("vitals"), [...quiet, true])).toMatchObject({ advice: { reason: "triage.advice.sugar", priority: 2 } });
    expect(nextTurn(scriptFor("vitals"), [...quiet, false, true])).toMatchObject({ advice: { reason: "triage.advice.doctor", priority: 2 } });
  });

  it.each(["wandering", "night_door", "not_returned"])("for %s calls the police where somebody is out in danger", (kind) => {
    expect(nextTurn(scriptFor(kind), [false, true])).toMatchObject({ advice: { do: "emergency", service: "110" } });
    expect(nextTurn(scriptFor(kind), [true])).toMatchObject({ advice: { do: "dispatch", priority: 3 } });
    expect(nextTurn(scriptFor(kind), [false, false])).toMatchObject({ advice: { do: "dispatch", priority: 2 } });
  });

  it("for a flood takes water at a socket for danger", () => {
    expect(nextTurn(scriptFor("flood"), [true, true])).toMatchObject({ advice: { do: "dispatch", priority: 1 } });
  });

  it("for a kind this page does not know is the general one", () => {
    expect(scriptFor("earthquake")).toBe(scriptFor("sos"));
  });
});
