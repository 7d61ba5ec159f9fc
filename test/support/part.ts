import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { PartMessage } from '../../config/part.ts';
import { projectRoot } from '../../stack/projectRoot.ts';

/** A gateway or a worker as a process of its own, built, as in production. */
export interface PartProcess {
  readonly pid: number;
  /** Of a gateway. */
  readonly url: string;
  /** What it logged so far. */
  log(): string;
  /** Sends a signal, and gives the exit code once it has ended; null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

/** Starts what `npm run build` has built, and resolves when it is ready. Rejects with what it said when it fails. */
export async function startPart(kind: 'gateway' | 'worker', environment: Record<string, string>): Promise<PartProcess> {
  const built = { BATON_WORKFLOW_BUNDLE: path.join(projectRoot, 'dist/workflows.js'), NODE_ENV: 'production' };
  const child: ChildProcess = spawn(process.execPath, [path.join(projectRoot, `dist/${kind}.js`)], {
    env: { PATH: process.env['PATH'], ...built, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const message = await new Promise<PartMessage>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    void ended.then((code) => reject(new Error(`the ${kind} ended with ${code}: ${text}`)));
  });
  if (message.type === 'failed') throw new Error(message.message);
  return {
    pid: child.pid ?? 0,
    url: message.url ?? '',
    log: () => text,
    ended,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
