import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { FailureError } from '../domain/failure.ts';
import { isDead, type ProcessEntry } from './processTable.ts';
import { lookEveryMs, signalProcess, type ProcessTree } from './processTree.ts';
import type { SandboxExit, SandboxProcess } from './sandbox.ts';
import { signalName, type CommandEnd, type SupervisorWords } from './supervisor.ts';
import { UsageMeter } from './usageMeter.ts';

/** What a command leaves running may end by itself for this long: a `tee` at the end of a pipe has its last lines to write. */
const settleMs = 200;
const defaultGraceMs = 2000;

export interface SupervisedParts {
  /** The exit of the started child, which is the supervisor or what runs it. */
  readonly exited: Promise<CommandEnd>;
  readonly tree: ProcessTree;
  readonly words: SupervisorWords;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** What the sandbox's own trouble begins with in the supervisor's words; null where only the supervisor speaks. */
  readonly trouble: string | null;
  /** Runs once all is gone. */
  readonly cleanUp: () => Promise<void>;
}

/** A command under its supervisor, in any sandbox, from its start until nothing of it is left. */
export class SupervisedProcess implements SandboxProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exit: Promise<SandboxExit>;

  readonly #parts: SupervisedParts;
  readonly #meter: UsageMeter;
  /** The child's own exit, once all of the supervisor's words are read. */
  readonly #gone: Promise<CommandEnd>;
  /** The command's end as the supervisor tells it, or null when the child is gone without a word. */
  readonly #told: Promise<CommandEnd | null>;
  #over = false;
  /** When patience ends and SIGKILL follows. Milliseconds of `performance.now()`. */
  #deadline = Number.POSITIVE_INFINITY;
  #stopping = false;
  #stopped = 0;

  constructor(parts: SupervisedParts) {
    this.#parts = parts;
    this.stdin = parts.stdin;
    this.stdout = parts.stdout;
    this.stderr = parts.stderr;
    this.#meter = new UsageMeter(parts.tree.root, parts.tree.members);
    this.#gone = parts.words.silent().then(() => parts.exited);
    this.#told = parts.words.heard(() => parts.words.end());
    this.exit = this.#follow();
    // Whoever waits for it gets the rejection; without anyone it must not end the worker.
    this.exit.catch(() => undefined);
  }

  async #follow(): Promise<SandboxExit> {
    const { tree, cleanUp } = this.#parts;
    try {
      const told = await this.#told;
      if (told) await this.#endWhatIsLeft();
      const measured = this.#meter.finish();
      this.#over = true;
      await tree.kill();
      const end = told ?? this.#withoutWord(await this.#gone);
      await this.#gone;
      return { ...end, ...measured, stopped: this.#stopped };
    } finally {
      this.#over = true;
      this.#meter.stop();
      await cleanUp();
    }
  }

  /** The command has ended by itself or by our signal; what it left behind gets a moment, then the same signals. */
  async #endWhatIsLeft(): Promise<void> {
    if (!this.#stopping) {
      const settled = performance.now() + settleMs;
      while (this.#living().length > 0 && performance.now() < Math.min(settled, this.#deadline)) await delay(lookEveryMs);
      this.#stopped = this.#living().length;
      this.#deadline = Math.min(this.#deadline, performance.now() + defaultGraceMs);
    }
    const asked = new Set<string>();
    while (this.#living().length > 0 && performance.now() < this.#deadline) {
      this.#ask(asked);
      await delay(lookEveryMs);
    }
  }

  async stop(graceMs = defaultGraceMs): Promise<void> {
    if (!this.#over) {
      this.#deadline = Math.min(this.#deadline, performance.now() + graceMs);
      if (!this.#stopping) {
        this.#stopping = true;
        this.#stopped = Math.max(this.#stopped, this.#living().length);
        await this.#drive();
      }
    }
    // Its rejection is for those who wait for `exit`; stopped it is in either case.
    await this.exit.catch(() => undefined);
  }

  /** Asks the tree to end, newcomers too, until the command has ended; kills it when patience ends. */
  async #drive(): Promise<void> {
    const asked = new Set<string>();
    const ended = this.#told.then(() => 'ENDED' as const);
    while (performance.now() < this.#deadline) {
      this.#ask(asked);
      if ((await Promise.race([ended, delay(lookEveryMs)])) === 'ENDED') return;
    }
    // The dying take their figures with them.
    this.#meter.finish();
    await this.#parts.tree.kill();
  }

  #ask(asked: Set<string>): void {
    for (const { pid, started } of this.#living()) {
      const name = `${pid} ${started}`;
      if (asked.has(name)) continue;
      asked.add(name);
      signalProcess(pid, 'SIGTERM');
      // A stopped process would not see it.
      signalProcess(pid, 'SIGCONT');
    }
  }

  #living(): ProcessEntry[] {
    return this.#parts.tree.members().filter((entry) => !isDead(entry));
  }

  /** The child is gone and the supervisor never told how its command ended: it was killed, or the sandbox has failed. */
  #withoutWord(gone: CommandEnd): CommandEnd {
    const { words, trouble } = this.#parts;
    if (trouble !== null && !this.#stopping && words.all().includes(trouble)) {
      const cause = words.all();
      throw new FailureError('HARNESS_UNAVAILABLE', `The sandbox could not start the command: ${cause}`, { cause });
    }
    const signal = gone.signal ?? (gone.exitCode !== null && gone.exitCode > 128 ? signalName(gone.exitCode - 128) : null);
    return signal ? { exitCode: null, signal } : gone;
  }
}
