import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { projectRoot } from '../../stack/projectRoot.ts';
import { parseIdentity } from '../../stack/processes/identity.ts';
import type { RunningPart } from '../../stack/supervisor/part.ts';
import { program } from '../../stack/supervisor/program.ts';
import type { BenchSystem } from '../parts/system.ts';

/** Two workers, of which either may be lost: the system's own, and one more. */
export interface Workers extends AsyncDisposable {
  /** Kills the one of that name (SIGKILL). */
  kill(name: string): Promise<void>;
  /** Starts the one more again when it was killed; the system's own comes back by itself. */
  mend(): Promise<void>;
}

const name = 'second';

/** Starts one more worker beside the system's. */
export async function startWorkers(system: BenchSystem, signal: AbortSignal): Promise<Workers> {
  const { environment, state, directory } = system;
  const part = program({
    name: 'Second worker',
    file: path.join(projectRoot, 'dist', 'worker.js'),
    environment: () => ({
      ...environment,
      BATON_WORKER_NAME: name,
      BATON_WORKER_HOME: path.join(directory, 'second-worker'),
    }),
    log: path.join(directory, 'second-worker.log'),
    record: path.join(directory, 'second-worker.json'),
  });
  const start = () => part.start({ progress: () => {}, signal });
  let second: RunningPart | null = await start();
  return {
    kill: async (killed) => {
      if (killed !== name) return killOwn(path.join(state.processes, 'worker.json'));
      await second?.kill();
      second = null;
    },
    mend: async () => {
      second ??= await start();
    },
    [Symbol.asyncDispose]: async () => second?.stop(),
  };
}

/** The file is the supervisor's note of which process it is. */
async function killOwn(file: string): Promise<void> {
  const identity = parseIdentity(JSON.parse(await readFile(file, 'utf8')));
  if (!identity) throw new Error(`${file} names no process`);
  process.kill(identity.pid, 'SIGKILL');
}
