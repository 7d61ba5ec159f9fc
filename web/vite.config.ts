import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

/** The gateway that `vite --config web/vite.config.ts` passes API calls on to. */
const gateway = process.env['BATON_GATEWAY'] ?? 'http://127.0.0.1:4600';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [solid()],
  server: {
    host: '127.0.0.1',
    proxy: { '/graphql': { target: gateway, ws: true }, '/sign-in': { target: gateway }, '/export': { target: gateway } },
  },
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The gateway's Content-Security-Policy allows no data: addresses.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
