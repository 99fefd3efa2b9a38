/**
 * What a push says: a title, a body, and where to read on.
 *
 * The one idea: whatever comes, something is shown, because a browser that receives a push and shows nothing shows a
 * text of its own; and whatever link comes, it leads into this page and nowhere else.
 */

export interface News {
  readonly title: string;
  readonly body: string;
  /** Path and query below `/family/`. */
  readonly path: string;
  /** The same whenever this very message comes again. */
  readonly mark: string;
}

const PAGE = "/family/";
const SOMETHING: News = { title: "安伴 Anban", body: "有新消息，请打开查看。There is news: please open.", path: PAGE, mark: "" };

export function readNews(data: { json(): unknown } | null, origin: string): News {
  try {
    const said = data?.json() as Partial<Record<"title" | "body" | "link" | "mark", unknown>> | undefined;
    if (typeof said?.title !== "string" || said.title === "") return SOMETHING;
    return { title: said.title, body: text(said.body), path: within(said.link, origin), mark: text(said.mark) };
  } catch {
    return SOMETHING;
  }
}

/** Whether it is news beside what is `shown` of the same: a message that came twice does not ring twice. */
export function rings(news: News, shown: readonly { readonly data: unknown }[]): boolean {
  return news.mark === "" || !shown.some((one) => (one.data as Partial<News> | null)?.mark === news.mark);
}

function text(said: unknown): string {
  return typeof said === "string" ? said : "";
}

function within(link: unknown, origin: string): string {
  if (typeof link !== "string" || link === "") return PAGE;
  const { origin: theirs, pathname, search } = new URL(link, origin);
  return theirs === origin && pathname === PAGE ? pathname + search : PAGE;
}
