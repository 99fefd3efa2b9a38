/// <reference types="vitest/config" />
import { defineConfig } from "vite";

const PAGES = ["console", "wall", "field", "family", "kpi", "admin"];
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
    rolldownOptions: { input: Object.fromEntries(PAGES.map((page) => [page, at(`./${page}.html`)])) },
  },
  server: { fs: { allow: [at("../..")] } },
  test: { css: true, root: at("../.."), include: ["tests/web/**/*.test.ts"], restoreMocks: true },
});
