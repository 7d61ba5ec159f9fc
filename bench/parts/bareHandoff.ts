import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { timed } from '../measure.ts';
import type { BareActivity } from './bareActivity.ts';

const run = promisify(execFile);

/** What a handoff cannot do without, in milliseconds. */
export interface BareHandoff {
  readonly cloned: number;
  readonly activity: number;
}

/** A checkout of the repository into a directory, which is removed after, and then a workflow of one activity that does nothing. */
export async function bareHandoff(
  bare: BareActivity,
  repository: string,
  directory: string,
  signal: AbortSignal,
): Promise<BareHandoff> {
  const cloned = await timed(() => run('git', ['clone', '--quiet', '--shared', repository, directory], { signal }));
  const activity = await timed(() => bare.run());
  await rm(directory, { recursive: true });
  return { cloned, activity };
}
