import { identify, isAlive, parentOf, type ProcessIdentity } from '../processes/identity.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes a Ctrl-C on that the terminal has sent us too; that is one request. */
const sameRequestMs = 500;
const parentEveryMs = 1_000;

/**
 * Hears that the system shall stop: Ctrl-C, SIGTERM, SIGHUP, and the death of the npm that started us, for a shell
 * between the two does not pass signals on.
 */
export class StopRequests {
  /** Resolves with what was heard, never rejects. */
  readonly first: Promise<string>;
  /** The same for one that comes while the first is being carried out. */
  readonly second: Promise<string>;
  readonly #timer: NodeJS.Timeout | null;
  #firstAt = 0;
  #resolveFirst: (signal: string) => void = () => {};
  #resolveSecond: (signal: string) => void = () => {};

  constructor(environment: NodeJS.ProcessEnv) {
    this.first = new Promise((resolve) => {
      this.#resolveFirst = resolve;
    });
    this.second = new Promise((resolve) => {
      this.#resolveSecond = resolve;
    });
    for (const signal of signals) process.on(signal, this.#hear);
    this.#timer = environment['npm_lifecycle_event'] === undefined ? null : this.#watchNpm();
  }

  close(): void {
    for (const signal of signals) process.off(signal, this.#hear);
    if (this.#timer) clearInterval(this.#timer);
  }

  readonly #hear = (signal: string): void => {
    if (this.#firstAt === 0) {
      this.#firstAt = Date.now();
      this.#resolveFirst(signal);
    } else if (Date.now() - this.#firstAt > sameRequestMs) this.#resolveSecond(signal);
  };

  #watchNpm(): NodeJS.Timeout {
    const npm = npmAbove();
    const timer = setInterval(() => {
      if (npm.every(isAlive)) return;
      clearInterval(timer);
      this.#hear('SIGHUP');
    }, parentEveryMs);
    return timer.unref();
  }
}

/** The processes between npm and us: npm itself, and the shell that it runs a script with unless that became us. */
function npmAbove(): ProcessIdentity[] {
  const parent = parentOf(process.pid);
  const above = parent === null || !/^-?(ba|da|z|k|a)?sh$/.test(parent.program) ? null : parentOf(parent.pid);
  return [parent, above].flatMap((process) => (process === null ? [] : (identify(process.pid) ?? [])));
}
