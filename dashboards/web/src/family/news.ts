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
}

const PAGE = "/family/";
const SOMETHING: News = { title: "安伴 Anban", body: "有新消息，请打开查看。There is news: please open.", path: PAGE };

export function readNews(data: { json(): unknown } | null, origin: string): News {
  try {
    const said = data?.json() as Partial<Record<"title" | "body" | "link", unknown>> | undefined;
    if (typeof said?.title !== "string" || said.title === "") return SOMETHING;
    return { title: said.title, body: typeof said.body === "string" ? said.body : "", path: within(said.link, origin) };
  } catch {
    return SOMETHING;
  }
}

function within(link: unknown, origin: string): string {
  if (typeof link !== "string" || link === "") return PAGE;
  const { origin: theirs, pathname, search } = new URL(link, origin);
  return theirs === origin && pathname === PAGE ? pathname + search : PAGE;
}
