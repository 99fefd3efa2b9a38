/** The service worker of the family's page: it opens without a network, and shows the pushes. */
import { readNews, rings, type News } from "@/family/news";
import { keepShell, type Client, type Scope } from "./shell";

const PAGE = "/family/";
const worker = self as unknown as Scope;

keepShell(worker, PAGE);

worker.addEventListener("push", (event) => {
  event.waitUntil(show(readNews(event.data, location.origin)));
});

/** In place of what is shown of the same incident, aloud unless it is the same once more. */
async function show(news: News): Promise<void> {
  const { body, path, mark } = news;
  const shown = await worker.registration.getNotifications({ tag: path });
  const options = { body, tag: path, renotify: rings(news, shown), data: { path, mark }, icon: "/install/icon-192.png" };
  await worker.registration.showNotification(news.title, options);
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open((event.notification.data as News).path));
});

/** The page that is open already, or a new one. */
async function open(path: string): Promise<unknown> {
  const pages: readonly Client[] = await worker.clients.matchAll({ type: "window" });
  const ours = pages.find((page) => new URL(page.url).pathname === PAGE);
  if (ours === undefined) return worker.clients.openWindow(path);
  await ours.focus();
  return ours.navigate(path);
}
