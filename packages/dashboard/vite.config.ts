import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev -w @helve/dashboard` finds an engine. */
const ENGINE = process.env.HELVE_DEV_ENGINE ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // The engine puts a fresh nonce in this place with each answer; see packages/server/src/dashboard.
  html: { cspNonce: "HELVE_CSP_NONCE" },
  build: { outDir: "dist/app", emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
  server: { host: "127.0.0.1", proxy: { "/api": ENGINE, "/ready": ENGINE } },
});
