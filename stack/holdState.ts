import { isHeld, tryLock, type Lock, type LockHolder } from './lock.ts';
import { Problem } from './problem.ts';
import { endLeftovers } from './processes/leftovers.ts';
import { openState, type State } from './state.ts';
import type { Report } from './terminal/report.ts';

/**
 * Makes the state directory and takes it for this process: one system per directory. What an earlier start that was
 * killed has left running is ended. Throws a Problem when another one runs there.
 */
export async function holdState(state: State, report: Report): Promise<Lock> {
  await openState(state);
  const lock = takeLock(state);
  try {
    const ended = await endLeftovers(state.processes);
    if (ended.length > 0) report.line(`  An earlier start was killed; what it left running was ended: ${ended.join(', ')}.`);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function takeLock(state: State): Lock {
  const outcome = tryLock(state.lock, { since: new Date().toISOString() });
  if (isHeld(outcome)) throw runsAlready(outcome, state);
  return outcome;
}

function runsAlready({ pid, note }: LockHolder, state: State): Problem {
  const where = note['url'] === undefined ? 'and is still starting' : `at ${note['url']}`;
  return new Problem(
    `Baton runs already ${where} (process ${pid}), with its state in ${state.directory}.\n` +
      `A link that signs a browser in: node bin/baton.mjs link. To stop it: Ctrl-C where it runs, or kill ${pid}.\n` +
      'For a second one beside it: BATON_HOME=/another/directory PORT=4700 npm start',
  );
}
