/// <reference types="vitest/config" />
import { defineConfig } from "vite";

const PAGES = ["console", "wall", "field", "family", "kpi", "admin"];
/** Service workers, at a name of their own: browsers look there for a newer one. */
const WORKERS = ["family", "field"];
const at = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

export default defineConfig({
  base: "/",
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
