import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '../lock.ts';
import { Problem } from '../problem.ts';
import { makers } from './makers.ts';
import { fingerprint, isFresh, stampFile, steps as allSteps, type BuildStep } from './steps.mjs';

export interface BuildOptions {
  readonly root: string;
  readonly steps?: readonly BuildStep[];
  readonly make?: (root: string, step: BuildStep) => Promise<void>;
  /** Hears each step before it is made. */
  readonly onStep?: (name: string) => void;
  /** Hears that another process builds, which is waited for. */
  readonly onWait?: (pid: number) => void;
}

/**
 * Makes what is stale, in order, and gives the names of what was made. Two builds of one checkout follow each other.
 * Throws a Problem when a step's entry is missing, or with the tool's own words when it fails.
 */
export async function buildStale(options: BuildOptions): Promise<string[]> {
  const { root, steps = allSteps, onWait } = options;
  if (steps.every((step) => isFresh(root, step))) return [];
  return withLock(join(root, 'dist', '.lock'), () => build({ ...options, steps }), { onWait: ({ pid }) => onWait?.(pid) });
}

async function build({ root, steps = [], make = makeByName, onStep }: BuildOptions): Promise<string[]> {
  const made: string[] = [];
  for (const step of steps) {
    // Asked again here: another process may just have made it.
    if (isFresh(root, step)) continue;
    const entry = step.inputs[0] ?? '';
    if (!existsSync(join(root, entry))) {
      throw new Problem(`${entry} is missing, from which ${step.output} is built. Is the checkout whole? git status tells.`);
    }
    onStep?.(step.name);
    const digest = fingerprint(root, step);
    await make(root, step).catch((error: unknown) => {
      throw new Problem(`${step.output} could not be built from ${entry}:\n${(error as Error).message}`, { cause: error });
    });
    await writeStamp(root, step, digest);
    made.push(step.name);
  }
  return made;
}

async function makeByName(root: string, step: BuildStep): Promise<void> {
  const maker = makers[step.name];
  if (maker === undefined) throw new Error(`nothing is known of how ${step.name} is built`);
  await maker(root, step);
}

/** Written last, with the digest from before: what is changed during the build is built again by the next. */
async function writeStamp(root: string, step: BuildStep, digest: string): Promise<void> {
  const file = stampFile(root, step);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, digest);
}
