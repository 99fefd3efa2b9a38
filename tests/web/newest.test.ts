import { expect, it } from "vitest";
import { Newest } from "@/core/newest";

it("shows answers that come in the order of their questions, each of them", () => {
  const newest = new Newest();
  const [first, second] = [newest.ask(), newest.ask()];
  expect([first(), second()]).toEqual([true, true]);
});

it("shows nothing of an older question that is answered after a newer one", () => {
  const newest = new Newest();
  const [first, second] = [newest.ask(), newest.ask()];
  expect([second(), first()]).toEqual([true, false]);
});

it("shows nothing about what is not asked for any more, though it comes first, and though it was asked for before", () => {
  const newest = new Newest();
  const [here, there, again] = [newest.ask(7), newest.ask(8), newest.ask(7)];
  expect([here(), there(), again()]).toEqual([false, false, true]);
});

it("shows nothing that was asked before something newer was known", () => {
  const newest = new Newest();
  const before = newest.ask();
  newest.drop();
  expect([before(), newest.ask()()]).toEqual([false, true]);
});
