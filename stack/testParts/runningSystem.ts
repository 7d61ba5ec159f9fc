import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine } from '../../config/machine.ts';
import { processesWith } from '../../test/support/processes.ts';
import { waitFor } from '../../test/support/waitFor.ts';

/** The arguments of Node that run the local system with stand-ins for gateway and worker, from any directory. */
export const systemArguments = ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('system.ts', import.meta.url))];

const inherited = machine().environment;
const readyMs = 60_000;
const stopMs = 20_000;

/** A local system that runs as a process of its own, on a state directory that no other test uses. */
export class RunningSystem {
  readonly home: string;
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  #output = '';

  constructor(
    home: string,
    environment: NodeJS.ProcessEnv = {},
    command: readonly string[] = [process.execPath, ...systemArguments],
  ) {
    this.home = home;
    const [program = '', ...args] = command;
    const own = { BATON_HOME: home, PORT: '0', DATABASE_URL: '', TEMPORAL_ADDRESS: '', npm_lifecycle_event: undefined };
    const env = { ...inherited, ...own, ...environment };
    // In a group of its own, as a terminal would have it.
    this.process = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.on('data', (data) => (this.#output += String(data)));
    this.exited = once(this.process, 'close').then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.process.pid as number;
  }

  get output(): string {
    return this.#output;
  }

  /** Waits until it says that it is ready. */
  async ready(): Promise<this> {
    await this.says(/Ready in/, readyMs);
    return this;
  }

  /** Waits until it has said something. */
  async says(pattern: RegExp, withinMs: number = stopMs): Promise<RegExpExecArray> {
    let ended = false;
    void this.exited.then(() => {
      ended = true;
    });
    return waitFor(
      `${pattern} to be said`,
      () => {
        const match = pattern.exec(this.#output);
        if (match === null && ended) throw new Error(`${pattern} was not said:\n${this.#output}`);
        return match;
      },
      withinMs,
    );
  }

  /** Signals it and waits for its end; gives its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.process.kill(signal);
    return this.exited;
  }

  /** The process of a part, by the record that it keeps; of PostgreSQL by its own. */
  partPid(part: 'gateway' | 'worker' | 'temporal' | 'postgres'): number {
    if (part === 'postgres')
      return Number.parseInt(readFileSync(join(this.home, 'postgres/cluster/data/postmaster.pid'), 'utf8'), 10);
    return (JSON.parse(readFileSync(join(this.home, 'processes', `${part}.json`), 'utf8')) as { pid: number }).pid;
  }

  gatewayFile(): { url: string; token: string } {
    return JSON.parse(readFileSync(join(this.home, 'gateway.json'), 'utf8')) as { url: string; token: string };
  }

  /** What was logged, for a test that fails. */
  logs(): string {
    const logs = join(this.home, 'logs');
    if (!existsSync(logs)) return '';
    return readdirSync(logs)
      .map((name) => `── ${name}\n${readFileSync(join(logs, name), 'utf8').slice(-2_000)}`)
      .join('\n');
  }
}

/** Waits until no process of a state directory runs any more. */
export async function nothingRuns(home: string): Promise<void> {
  await waitFor(`nothing to run on ${home}`, () => processesWith(home).length === 0);
}

/** Ends whatever runs on a state directory, for the end of a test that failed. */
export async function killAll(home: string): Promise<void> {
  for (const pid of processesWith(home)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  await nothingRuns(home);
}
