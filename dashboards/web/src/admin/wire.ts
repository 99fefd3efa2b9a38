/** The way to the server for this page: it has more routes than are worth a name each. */
import { createTransport } from "@/core/api";
import type { components } from "@/core/schema";

export type Schemas = components["schemas"];
export type Method = "GET" | "POST" | "PUT" | "DELETE";

const { once, command } = createTransport();

export const http = {
  /** Ask once. */
  ask: <T>(method: Method, path: string, body?: unknown, limitMs?: number): Promise<T> => once<T>(method, path, body, undefined, limitMs),
  /** Have it done once, however often it must be sent. */
  command: <T>(method: Exclude<Method, "GET">, path: string, body?: unknown, limitMs?: number): Promise<T> => command<T>(path, body, method, limitMs),
};
