/**
 * A page's shell, kept whole, so that it opens where there is no network.
 *
 * What this is: the part of a service worker that every page on a phone needs. What it is not: a keeper of data;
 * nothing of `/api` is ever kept here. The one idea: whenever the page comes from the network, it and everything that it
 * names is kept anew, all or nothing, so that old and new files never mix.
 */

/** A network that says nothing for so long is none. */
const PATIENCE_MS = 3_000;

/** The few lines of TypeScript's `WebWorker` library that service workers here use. */
export interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
export interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { type: "window" }): Promise<readonly Client[]>;
    openWindow(url: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", listen: (event: Extendable) => void): void;
  addEventListener(kind: "fetch", listen: (event: Fetching) => void): void;
  addEventListener(kind: "push", listen: (event: Pushed) => void): void;
  addEventListener(kind: "notificationclick", listen: (event: Clicked) => void): void;
}
export interface Client {
  readonly url: string;
  focus(): Promise<Client>;
  navigate(url: string): Promise<unknown>;
}
export interface Pushed extends Extendable {
  readonly data: { json(): unknown } | null;
}
export interface Clicked extends Extendable {
  readonly notification: Notification;
}

/** Everything that the page asks for before it can show something: files whose names change with their content. */
export function named(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1] ?? "");
}

/** Keep the page at `address` and what it names, from now on. */
export function keepShell(worker: Scope, address: string): void {
  const shell = `anban${address}shell`;

  async function renew(fresh: Response): Promise<void> {
    const wanted = named(await fresh.clone().text());
    const cache = await caches.open(shell);
    const known = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
    await cache.addAll(wanted.filter((path) => !known.has(path)));
    await cache.put(address, fresh);
    const over = [...known].filter((path) => path !== address && !wanted.includes(path));
    await Promise.all(over.map((path) => cache.delete(path)));
  }

  async function page(event: Fetching): Promise<Response> {
    const kept = await caches.match(address);
    const network = fetch(event.request).then((fresh) => {
      if (fresh.ok) event.waitUntil(renew(fresh.clone()).catch(() => undefined));
      return fresh;
    });
    if (kept === undefined) return network;
    const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
    return Promise.race([network.then((fresh) => (fresh.ok ? fresh : kept), () => kept), late]);
  }

  worker.addEventListener("install", (event) => event.waitUntil(fetch(address).then(renew).then(() => worker.skipWaiting())));
  worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
  worker.addEventListener("fetch", (event) => {
    const { pathname, origin } = new URL(event.request.url);
    if (event.request.method !== "GET" || origin !== location.origin || pathname.startsWith("/api/")) return;
    if (event.request.mode === "navigate") event.respondWith(page(event));
    else event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(event.request)));
  });
}
