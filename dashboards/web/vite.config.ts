/// <reference types="vitest/config" />
import { defineConfig } from "vite";

const at = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

export default defineConfig({
  base: "/console/",
  resolve: { alias: { "@": at("./src"), vitest: at("./node_modules/vitest") } },
  build: {
    outDir: at("../static"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy forbids data: scripts and styles
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { console: at("./console.html") } },
  },
  server: { fs: { allow: [at("../..")] } },
  test: { css: true, root: at("../.."), include: ["tests/web/**/*.test.ts"], restoreMocks: true },
});
