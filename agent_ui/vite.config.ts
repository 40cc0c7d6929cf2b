import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev` finds a server: `python -m lab.fake_server` unless told otherwise. */
const server = process.env["CARUSO_SERVER"] ?? "http://127.0.0.1:8090";

export default defineConfig({
  plugins: [react()],
  // The server puts a fresh nonce here with each page, and allows only styles that carry it.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    // Browsers that know `light-dark()`; older ones would get a page without colours.
    target: ["chrome123", "firefox128", "safari17.5"],
    // Nothing is inlined: the server's content security policy then needs no `data:`.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    // The self-service pages are drawn by the server; their script is found under a fixed name
    // (caruso/web/self_service/assets.py), and shares nothing with the console.
    rollupOptions: {
      input: { index: "index.html", "self-service": "src/self_service/main.ts" },
      output: {
        entryFileNames: ({ name }) =>
          name === "self-service" ? "self-service.js" : "assets/[name]-[hash].js",
      },
    },
  },
  server: {
    proxy: {
      "/api": { target: server, changeOrigin: true },
      "/desk": { target: server, changeOrigin: true },
      "/ws": { target: server, changeOrigin: true, ws: true },
    },
  },
});
