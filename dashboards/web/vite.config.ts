/// <reference types="vitest/config" />
import { defineConfig } from "vite";
import familyEn from "../i18n/family/en.json" with { type: "json" };
import familyHans from "../i18n/family/zh-Hans.json" with { type: "json" };
import familyHant from "../i18n/family/zh-Hant.json" with { type: "json" };
import fieldEn from "../i18n/field/en.json" with { type: "json" };
import fieldHans from "../i18n/field/zh-Hans.json" with { type: "json" };
import fieldHant from "../i18n/field/zh-Hant.json" with { type: "json" };
import { installable, type Installable } from "./installable.ts";

const PAGES = ["console", "wall", "field", "family", "kpi", "admin"];
/** Service workers, at a name of their own: browsers look there for a newer one. */
const WORKERS = ["family", "field"];
/** The pages that people keep on a telephone; their colours are those of `src/ui/tokens.css`. */
const KEPT: readonly Installable[] = [
  {
    page: "field", theme: "#12263a", ground: "#eef1f4",
    names: { "zh-Hans": fieldHans["field.title"], "zh-Hant": fieldHant["field.title"], en: fieldEn["field.title"] },
  },
  {
    page: "family", theme: "#eef1f4", ground: "#eef1f4",
    names: { "zh-Hans": familyHans["family.title"], "zh-Hant": familyHant["family.title"], en: familyEn["family.title"] },
  },
];
const at = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

export default defineConfig({
  base: "/",
  plugins: [installable(at("."), KEPT)],
  resolve: { alias: { "@": at("./src"), vitest: at("./node_modules/vitest") } },
  build: {
    outDir: at("../static"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy forbids data: scripts and styles
    modulePreload: { polyfill: false },
    manifest: true, // which files each page loads: its weight is checked
    rolldownOptions: {
      input: {
        ...Object.fromEntries(PAGES.map((page) => [page, at(`./${page}.html`)])),
        ...Object.fromEntries(WORKERS.map((name) => [`sw-${name}`, at(`./src/sw/${name}.ts`)])),
      },
      output: { entryFileNames: ({ name }) => (name.startsWith("sw-") ? "sw/[name].js" : "assets/[name]-[hash].js") },
    },
  },
  server: { fs: { allow: [at("../..")] } },
  test: { css: true, root: at("../.."), include: ["tests/web/**/*.test.ts"], restoreMocks: true },
});
