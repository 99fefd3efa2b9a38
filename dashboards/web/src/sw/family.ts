/** The service worker of the family's page: it opens without a network, and shows the pushes. */
import { readNews } from "@/family/news";
import { keepShell, type Client, type Scope } from "./shell";

const PAGE = "/family/";
const worker = self as unknown as Scope;

keepShell(worker, PAGE);

worker.addEventListener("push", (event) => {
  const news = readNews(event.data, location.origin);
  event.waitUntil(
    worker.registration.showNotification(news.title, { body: news.body, tag: news.path, data: news.path, icon: "/install/icon-192.png" }),
  );
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data)));
});

/** The page that is open already, or a new one. */
async function open(path: string): Promise<unknown> {
  const pages: readonly Client[] = await worker.clients.matchAll({ type: "window" });
  const ours = pages.find((page) => new URL(page.url).pathname === PAGE);
  if (ours === undefined) return worker.clients.openWindow(path);
  await ours.focus();
  return ours.navigate(path);
}
