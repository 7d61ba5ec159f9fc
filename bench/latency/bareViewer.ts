import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import WebSocket from 'ws';

/** The least that can bring news from a table to a socket: INSERT, NOTIFY, LISTEN in another process, one frame. */
export interface BareViewer extends AsyncDisposable {
  /** Inserts a row, notifies, and resolves when the frame has come. */
  send(text: string): Promise<void>;
}

const channel = 'bench_bare';

/** Starts the other process and opens a socket to it. */
export async function openBareViewer(databaseUrl: string): Promise<BareViewer> {
  const child = fork(fileURLToPath(new URL('./bareServer.ts', import.meta.url)), [databaseUrl, channel], {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(socket, 'open');
  const [writer, ringer] = [new pg.Client(databaseUrl), new pg.Client(databaseUrl)];
  await Promise.all([writer.connect(), ringer.connect()]);
  await writer.query('CREATE TABLE "BenchRow" (id serial PRIMARY KEY, payload jsonb NOT NULL)');
  return {
    send: async (text) => {
      const heard = once(socket, 'message');
      await writer.query({
        name: 'insert',
        text: 'INSERT INTO "BenchRow" (payload) VALUES ($1)',
        values: [JSON.stringify({ text })],
      });
      await ringer.query({ name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [channel, JSON.stringify({ text })] });
      await heard;
    },
    [Symbol.asyncDispose]: async () => {
      socket.terminate();
      await Promise.all([writer.end(), ringer.end()]);
      child.kill();
      await once(child, 'exit');
    },
  };
}
