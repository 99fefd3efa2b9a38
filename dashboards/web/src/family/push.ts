/**
 * Whether this browser takes pushes, and letting it.
 *
 * What this is: the browser's own steps, in order, and what can go wrong on the way as one word. What it is not: a view.
 * The one idea: the server knows a subscription only after the browser has made it, and forgets it only when asked, so
 * turning off tells both.
 */
import { describeAgent } from "@/core/agent";
import type { FamilyApi, NewPhone, Wishes } from "./api";

export const WORKER = "/family/sw.js";

export type Trouble = "family.push_cannot" | "family.push_denied" | "family.push_failed";

/** The page's service worker; `undefined` where there can be none (no https, an old browser). */
export async function register(): Promise<ServiceWorkerRegistration | undefined> {
  if (!("serviceWorker" in navigator)) return undefined;
  try {
    return await navigator.serviceWorker.register(WORKER, { type: "module", scope: "/family/" });
  } catch {
    return undefined;
  }
}

/** Whether a push could come to this browser at all. */
export function isAble(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

/** Whether this browser has a subscription. */
export async function isOn(): Promise<boolean> {
  const held = await registration();
  return (await held?.pushManager?.getSubscription()) != null;
}

/** Let this browser take pushes; the new wishes, or what stands in the way. */
export async function turnOn(api: FamilyApi, key: string): Promise<Wishes | Trouble> {
  const held = isAble() ? await registration() : undefined;
  if (held === undefined) return "family.push_cannot";
  if ((await Notification.requestPermission()) !== "granted") return "family.push_denied";
  try {
    const made = await held.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    return await api.addPhone(asPhone(made.toJSON(), navigator.userAgent));
  } catch {
    return "family.push_failed";
  }
}

/** Let it take no more; what the server still knows ends with its service's next answer. */
export async function turnOff(): Promise<void> {
  const held = await registration();
  await (await held?.pushManager?.getSubscription())?.unsubscribe();
}

/** A subscription as the platform takes it. */
export function asPhone(made: PushSubscriptionJSON, agent: string): NewPhone {
  const { p256dh = "", auth = "" } = made.keys ?? {};
  return { endpoint: made.endpoint ?? "", p256dh, auth, agent: describeAgent(agent).name };
}

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return "serviceWorker" in navigator ? navigator.serviceWorker.getRegistration("/family/") : undefined;
}
