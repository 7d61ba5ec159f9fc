import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** Runs what records, which is no test: test/support/recordHistories.ts. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  { test: { include: ['test/support/recordHistories.ts'] } },
);
