import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Problem } from './problem.ts';

const loopback = '127.0.0.1';

/** Whether a port can be listened on: `forbidden` is one that this user may not have. */
export type PortState = 'free' | 'taken' | 'forbidden';

/** Tries a port by listening on it for a moment. */
export async function portState(port: number, host: string = loopback): Promise<PortState> {
  const outcome = await listen(port, host);
  return typeof outcome === 'number' ? 'free' : outcome;
}

/** A port of the loopback interface that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const port = await listen(0, loopback);
  if (typeof port !== 'number') throw new Error(`no port is free on ${loopback}`);
  return port;
}

function listen(port: number, host: string): Promise<number | 'taken' | 'forbidden'> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken');
      else if (error.code === 'EACCES') resolve('forbidden');
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/** The ports of the local system's inner parts: free ones, remembered, so that a restart finds the same. */
export class Ports {
  readonly #file: string;
  #settled = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** From now on other parts rely on the ports: a part that starts again gets the one it had, or a Problem. */
  settle(): void {
    this.#settled = true;
  }

  /** The part's port of before if it is still free, else a new one, which is remembered. */
  async take(part: string): Promise<number> {
    const known = this.#read()[part];
    return known !== undefined && (await portState(known)) === 'free' ? known : this.renew(part);
  }

  /** Another port for the part, remembered: the one it had turned out to be taken. */
  async renew(part: string): Promise<number> {
    if (this.#settled) {
      throw new Problem(
        `Another program has taken its port, ${this.#read()[part]}, which the other parts rely on.\n` +
          'End that program, or stop Baton and start it again: it then takes another port.',
      );
    }
    const port = await freePort();
    // Read and written in one go, for parts start at the same time.
    writeFileSync(this.#file, `${JSON.stringify({ ...this.#read(), [part]: port })}\n`);
    return port;
  }

  #read(): Record<string, number> {
    try {
      const parsed: unknown = JSON.parse(readFileSync(this.#file, 'utf8'));
      return Object.fromEntries(Object.entries(parsed ?? {}).filter(([, port]) => Number.isInteger(port)));
    } catch {
      // Missing or damaged: the ports are chosen anew.
      return {};
    }
  }
}
