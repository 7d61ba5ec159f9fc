import { defineConfig } from 'vitest/config';
import usual from '../../vitest.config.ts';

/** A number of the environment, for those who repeat a failure. */
const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);

/**
 * `npm run test:soak`: the long form of workspace/anyWorkspace.test.ts, and nothing else. SOAK_CASES are made up, 5,000 by
 * default, from SOAK_SEED, another one each time by default; a failure prints its seed.
 */
export default defineConfig({
  ...usual,
  test: {
    ...usual.test,
    include: ['workspace/anyWorkspace.test.ts'],
    provide: {
      ...usual.test?.provide,
      anyWorkspace: { cases: number('SOAK_CASES', 5_000), seed: number('SOAK_SEED', Date.now() % 2 ** 31) },
    },
    reporters: ['verbose'],
  },
});
