import { defineConfig } from 'vitest/config';
import usual from '../../vitest.config.ts';

/** `npm run soak`: the long form of test/soak/soak.test.ts, and nothing else. */
export default defineConfig({
  ...usual,
  test: {
    ...usual.test,
    include: ['test/soak/soak.test.ts'],
    provide: { soak: { seconds: 600, runs: 20, killEvery: [3_000, 7_000] } },
    reporters: ['verbose'],
  },
});
