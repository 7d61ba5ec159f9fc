import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const graphql = fileURLToPath(new URL('./node_modules/graphql/index.js', import.meta.url));

export default defineConfig({
  resolve: {
    // Libraries take GraphQL's CommonJS; ours would take its modules, and GraphQL refuses to work with two copies of itself.
    alias: [{ find: /^graphql$/, replacement: graphql }],
  },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', '.baton/**'],
    globalSetup: ['test/support/globalSetup.ts'],
    // Real databases, servers and browsers, on machines that are busy with each other's tests.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
    // Concurrent tests wait for deadlines together, a lost worker's for example.
    maxConcurrency: 8,
    // The short forms; `npm run soak` and `npm run test:soak` are the long ones.
    provide: {
      soak: { seconds: 40, runs: 5, killEvery: [2_000, 5_000] },
      anyWorkspace: { cases: 200, seed: 20_240_817 },
    },
  },
});
