import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GatewayFile } from '../../stack/gatewayFile.ts';
import type { EndedRun } from './endedRuns.ts';

/** What the process of the viewers is asked. It answers each with how long what it heard since the last was on its way. */
export type ViewersRequest =
  | { readonly open: readonly { readonly runId: string; readonly after: number }[] }
  | { readonly leave: true }
  | { readonly heard: true };

export interface ViewersAnswer {
  readonly delaysMs: readonly number[];
}

/** Subscribers of transcripts, each with a WebSocket of its own, all in one process beside this one. */
export interface Viewers extends AsyncDisposable {
  /** One more viewer for each; resolves when all of their subscriptions stand. */
  open(runs: readonly EndedRun[]): Promise<void>;
  /** All of them go; resolves when their sockets are closed. */
  leave(): Promise<void>;
  /** From `timestamp` until a viewer had the event with it, of each event since the last time that this was asked. */
  heard(): Promise<readonly number[]>;
}

/** The text of an event that says when it was sent: by the clock that all processes of a machine have in common. */
export const timestamp = (): string => String(process.hrtime.bigint());

/** Starts the process; there is nobody in it yet. */
export async function startViewers({ url, token }: GatewayFile): Promise<Viewers> {
  const child = fork(fileURLToPath(new URL('./viewersProcess.ts', import.meta.url)), [url, token], {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the viewers’ process ended with ${code}`);
  });
  // Seen by whoever asks it next, and by nobody when it was to end.
  gone.catch(() => {});
  const ask = async (request: ViewersRequest): Promise<readonly number[]> => {
    const answer = once(child, 'message') as Promise<[ViewersAnswer]>;
    child.send(request);
    const [{ delaysMs }] = await Promise.race([answer, gone]);
    return delaysMs;
  };
  return {
    open: async (runs) =>
      void (await ask({ open: runs.map(({ writer, lastSeq }) => ({ runId: writer.runId, after: lastSeq })) })),
    leave: async () => void (await ask({ leave: true })),
    heard: () => ask({ heard: true }),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await gone.catch(() => {});
    },
  };
}
