import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { signalGroup, signalProcess } from './child.ts';
import { isAlive, parseIdentity, type ProcessIdentity } from './identity.ts';

/** Gateway and worker end by themselves when their supervisor is gone; this is how long they are given, and then again after a SIGTERM. */
const graceMs = 6_000;

/**
 * Ends what an earlier supervisor that was killed has left running, by the records that its processes left. Those that
 * can't be taken over: Temporal, and gateway and worker if they have not ended by themselves. Gives their names.
 */
export async function endLeftovers(directory: string): Promise<string[]> {
  const leftovers = readdirSync(directory).flatMap((name) => {
    const file = join(directory, name);
    const identity = readIdentity(file);
    if (identity !== null && isAlive(identity)) return [{ name: name.replace(/\.json$/, ''), file, identity }];
    rmSync(file, { force: true });
    return [];
  });
  await Promise.all(
    leftovers.map(async ({ file, identity }) => {
      await endProcess(identity);
      rmSync(file, { force: true });
    }),
  );
  return leftovers.map(({ name }) => name);
}

/** Ends a process that is not a child of this one: SIGTERM, and after a while SIGKILL to its group. */
async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals = 'SIGTERM', grace = graceMs): Promise<void> {
  signalProcess(identity.pid, signal);
  if (await hasEnded(identity, grace)) return;
  signalGroup(identity.pid, 'SIGKILL');
  await hasEnded(identity, grace);
}

/** Whether a process that is not a child of this one ends within `withinMs`. */
export async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() > until) return false;
    await delay(20);
  }
  return true;
}

function readIdentity(file: string): ProcessIdentity | null {
  try {
    return parseIdentity(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
