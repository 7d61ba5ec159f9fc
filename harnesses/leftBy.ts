import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Place } from './sandboxTrial.ts';

/** For tests: runs something whose temporary files lie in the place, and tells which of them it left there. */
export async function leftBy(place: Place, work: () => Promise<unknown>): Promise<string[]> {
  const own = await mkdtemp(join(place.directory, 'tmpdir-'));
  vi.stubEnv('TMPDIR', own);
  try {
    await work();
    return await readdir(own);
  } finally {
    vi.unstubAllEnvs();
  }
}
