/**
 * What lets a page be kept on a telephone like a program: its icons, and a manifest in each language.
 *
 * What this is: a part of the build. What it is not: the service worker, without which a page opens without a network
 * nowhere (`src/sw`). The one idea: the mark is drawn once, as lines (`src/ui/mark.svg`), and everything that a telephone
 * wants beside it, in pixels and with a margin, is made from it.
 */
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import type { Plugin, Rolldown } from "vite";

export interface Installable {
  readonly page: string;
  /** By language, as in `dashboards/i18n`. */
  readonly names: Readonly<Record<string, string>>;
  /** The telephone's bar above the page. */
  readonly theme: string;
  /** What is shown until the page is drawn. */
  readonly ground: string;
}

/** Sizes in px that Chromium asks for; 180 is what Apple's telephones ask for, and takes no transparency. */
const SIZES = [192, 512] as const;
const APPLE = 180;
/**
 * How large the mark is on an icon that the telephone cuts to a shape of its own. Of such a one a circle of 80 % is
 * always seen (W3C, maskable icons); the ends of the roof are then at 75 %.
 */
const ON_A_FULL_SQUARE = 1.15;
/** Of the mark's own square, and its colour. */
const SIDE = 32;
const BAND = "#12263a";
const TAGS: Readonly<Record<string, string>> = { "zh-Hans": "zh-Hans-CN", "zh-Hant": "zh-Hant-TW", en: "en" };

/**
 * Writes `install/<page>.<language>.webmanifest` and the icons beside them. What a page loads only when it is needed is
 * fetched once the page is shown, and so is there without a network, too.
 */
export function installable(folder: string, pages: readonly Installable[]): Plugin {
  return {
    name: "installable",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle, chunk, path }) =>
        pages.some(({ page }) => path === `/${page}.html`)
          ? later(bundle ?? {}, chunk?.fileName ?? "").map((file) => ({ tag: "link", attrs: { rel: "prefetch", as: "script", crossorigin: true, href: `/${file}` } }))
          : [],
    },
    async generateBundle() {
      await initWasm(await this.fs.readFile(`${folder}/node_modules/@resvg/resvg-wasm/index_bg.wasm`));
      const mark = await this.fs.readFile(`${folder}/src/ui/mark.svg`, { encoding: "utf8" });
      const cut = onFullSquare(mark);
      const put = (name: string, source: string | Uint8Array) => this.emitFile({ type: "asset", fileName: `install/${name}`, source });
      for (const size of SIZES) put(`icon-${size}.png`, drawn(mark, size));
      for (const size of [APPLE, ...SIZES]) put(`cut-${size}.png`, drawn(cut, size));
      for (const page of pages) {
        for (const [language, name] of Object.entries(page.names)) put(`${page.page}.${language}.webmanifest`, manifest(page, language, name));
      }
    },
  };
}

/** The scripts that are reached from `first` only after the page is shown, and those that they need in turn. */
function later(bundle: Rolldown.OutputBundle, first: string): string[] {
  const reached = (ways: (chunk: Rolldown.OutputChunk) => readonly string[]): Set<string> => {
    const found = new Set([first]);
    for (const name of found) {
      const one = bundle[name];
      if (one?.type === "chunk") for (const next of ways(one)) found.add(next);
    }
    return found;
  };
  const atOnce = reached((chunk) => chunk.imports);
  return [...reached((chunk) => [...chunk.imports, ...chunk.dynamicImports])].filter((name) => !atOnce.has(name));
}

function drawn(svg: string, size: number): Uint8Array {
  return new Resvg(svg, { fitTo: { mode: "width", value: size } }).render().asPng();
}

function manifest({ page, theme, ground }: Installable, language: string, name: string): string {
  const address = `/${page}/`;
  const icon = (of: string, purpose: string) => (size: number) => ({ src: `/install/${of}-${size}.png`, sizes: `${size}x${size}`, type: "image/png", purpose });
  const said = {
    id: address, start_url: address, scope: address, name, short_name: name, lang: TAGS[language] ?? language,
    display: "standalone", theme_color: theme, background_color: ground,
    icons: [...SIZES.map(icon("icon", "any")), ...SIZES.map(icon("cut", "maskable"))],
  };
  return JSON.stringify(said, undefined, 1);
}

/** `mark` without the square's round corners. */
function onFullSquare(mark: string): string {
  const side = SIDE * ON_A_FULL_SQUARE;
  const at = (SIDE - side) / 2;
  const inner = mark.replace("<svg ", `<svg x="${at}" y="${at}" width="${side}" height="${side}" `);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIDE} ${SIDE}"><rect width="${SIDE}" height="${SIDE}" fill="${BAND}"/>${inner}</svg>`;
}
