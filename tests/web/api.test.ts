import { describe, expect, it } from "vitest";
import { createApi, randomKey, Refused, Unreachable } from "@/core/api";
import { incident } from "./make";

interface Call {
  readonly path: string;
  readonly init: RequestInit;
}

/** An API whose network gives these answers, one per call; `"cut"` is a broken connection. */
function network(...answers: (readonly [number, unknown] | "cut")[]) {
  const calls: Call[] = [];
  const api = createApi(
    (path, init) => {
      calls.push({ path, init });
      const answer = answers[calls.length - 1];
      if (answer === undefined || answer === "cut") return Promise.reject(new TypeError("network"));
      return Promise.resolve(new Response(answer[0] === 204 ? null : JSON.stringify(answer[1]), { status: answer[0] }));
    },
    () => Promise.resolve(),
  );
  const headers = () => calls.map((call) => call.init.headers as Record<string, string>);
  return { api, calls, headers };
}

describe("a command", () => {
  it("proves its intent and says what it saw", async () => {
    const n = network([200, incident(7)]);
    await n.api.act(7, "ack", 4);
    expect(n.calls[0]?.path).toBe("/api/v1/incidents/7/ack");
    expect(n.headers()[0]?.["X-Anban"]).toBe("1");
    expect(n.calls[0]?.init.body).toBe('{"version":4}');
  });

  it("is sent again with the same key when the answer is lost", async () => {
    const n = network("cut", [502, {}], [200, incident(7, { version: 5 })]);
    expect((await n.api.act(7, "ack", 4)).version).toBe(5);
    expect(new Set(n.headers().map((h) => h["Idempotency-Key"])).size).toBe(1);
  });

  it("is asked for again while its first attempt is still being done", async () => {
    const n = network("cut", [409, { code: "in_progress" }], [200, incident(7, { version: 5 })]);
    expect((await n.api.act(7, "ack", 4)).version).toBe(5);
    expect(n.calls).toHaveLength(3);
  });

  it("gives up after three attempts", async () => {
    const n = network("cut", "cut", "cut");
    await expect(n.api.act(7, "ack", 4)).rejects.toBeInstanceOf(Unreachable);
    expect(n.calls).toHaveLength(3);
  });

  it("is not sent again when the server said no, and brings the record as it stands", async () => {
    const n = network([409, { code: "conflict", current: incident(7, { owner: "田建国", version: 9 }) }]);
    const error = await n.api.act(7, "ack", 4).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Refused);
    expect((error as Refused).current?.owner).toBe("田建国");
    expect(n.calls).toHaveLength(1);
  });
});

describe("an answer", () => {
  it("that is no JSON is still a refusal", async () => {
    const api = createApi(() => Promise.resolve(new Response("<html>", { status: 500 })));
    await expect(api.snapshot()).rejects.toMatchObject({ status: 500, code: "" });
  });

  it("without content is none", async () => {
    await expect(network([204, null]).api.signOut()).resolves.toBeUndefined();
  });
});

it("makes keys of 128 bits that differ", () => {
  expect(randomKey()).toMatch(/^[0-9a-f]{32}$/);
  expect(randomKey()).not.toBe(randomKey());
});
