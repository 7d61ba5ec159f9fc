import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PartMessage } from '../../config/part.ts';
import { projectRoot } from '../../stack/projectRoot.ts';
import type { TestSettings } from './gateway.ts';
import { waitFor } from './waitFor.ts';

/** A gateway or a worker as a process of its own, as it is deployed, so that it can be killed. */
export interface Part {
  readonly process: ChildProcess;
  /** Where it listens; of gateways alone. */
  readonly url: string;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Waits until it has stopped itself at its fault point. */
  stoppedItself(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** Starts the built program of a part. Resolves when it says that it is ready; rejects with what it said instead. */
export async function startPart(
  name: 'gateway' | 'worker',
  { environment }: TestSettings,
  more: Record<string, string> = {},
): Promise<Part> {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ...environment, NODE_ENV: 'test', ...bundle, ...more };
  const child = spawn(process.execPath, [join(projectRoot, 'dist', `${name}.js`)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: PartMessage) =>
      message.type === 'ready' ? resolve(message.url ?? '') : reject(new Error(message.message)),
    );
    void exited.then((how) => reject(new Error(`the ${name} ended before it was ready: ${how}`)));
  });
  return {
    process: child,
    url,
    exited,
    stoppedItself: async () => {
      await waitFor(`the ${name} to stop at its fault point`, () => stateOf(child.pid as number) === 'T', 30_000);
    },
    kill: (signal = 'SIGKILL') => {
      child.kill(signal);
      return exited;
    },
  };
}

const bundle = { BATON_WORKFLOW_BUNDLE: join(projectRoot, 'dist/workflows.js') };

/** A process's state as Linux gives it: T is stopped. */
function stateOf(pid: number): string | undefined {
  return /^\d+ \(.*\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}
