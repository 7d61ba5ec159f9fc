import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FailureError, failure, type Failure } from '../domain/failure.ts';
import { noUsage } from '../domain/usage.ts';
import { AskDesk } from './askDesk.ts';
import { askHelper } from './askHelper.ts';
import { agentSandboxSetting, tempOf } from './agentSandboxSetting.ts';
import { removeTree } from './removeTree.ts';
import { runCommandItem, type CommandResult } from './commandItem.ts';
import type { Agent, AgentSetting, Emit, Harness, TurnInput, TurnOutlet, TurnResult } from './harness.ts';
import type { SandboxSetting } from './sandbox.ts';
import { TurnClock } from './turnClock.ts';
import { scriptCommand, scriptText, scriptTitle } from './shell.ts';

/** Where a script lies inside, read-only, so that its own error messages name something short. */
const scriptInside = '/run/baton/script';
/** Where its helper commands lie, and where they leave what they want of the worker. */
const helpersInside = '/run/baton/bin';
const deskInside = '/run/baton/ask';

const helpersOf = (script: string): string => `${script}-bin`;

/** The turn's own clock ends it, which stands still while a person is asked. */
const longestMs = 2 ** 31 - 1;

/** The message is a shell script, run in the workspace; nothing of one turn but the files it wrote reaches the next. */
export const script: Harness = {
  kind: 'SCRIPT',
  async start(setting) {
    const scratch = setting.scratch ?? (await mkdtemp(join(tmpdir(), 'baton-script-')));
    return new ScriptAgent(setting, scratch);
  },
};

class ScriptAgent implements Agent {
  readonly #setting: AgentSetting;
  readonly #scratch: string;
  #turn: { readonly abort: AbortController; readonly ended: Promise<unknown> } | null = null;
  #closed = false;
  #stopped = 0;

  constructor(setting: AgentSetting, scratch: string) {
    this.#setting = setting;
    this.#scratch = scratch;
  }

  async runTurn(input: TurnInput, outlet: TurnOutlet, signal: AbortSignal): Promise<TurnResult> {
    if (this.#closed) throw new Error('the agent is closed');
    if (this.#turn) throw new Error('a turn is running already');
    const abort = new AbortController();
    const ended = this.#run(input, outlet, AbortSignal.any([signal, abort.signal]));
    this.#turn = { abort, ended };
    try {
      return await ended;
    } finally {
      this.#turn = null;
    }
  }

  async #run({ text, turn }: TurnInput, { emit, ask }: TurnOutlet, signal: AbortSignal): Promise<TurnResult> {
    if (signal.aborted) return { reason: 'INTERRUPTED', failure: null, usage: noUsage };
    const { sandbox, turnTimeoutMs } = this.#setting;
    const host = join(this.#scratch, `script-${turn}`);
    const body = scriptText(text);
    await writeFile(host, body, { mode: 0o700 });
    const clock = new TurnClock(turnTimeoutMs);
    const desk = await AskDesk.open(join(this.#scratch, `ask-${turn}`), (question, gone) => clock.pausedFor(ask(question, gone)));
    try {
      const setting = await this.#turnSetting(host, desk);
      const command = scriptCommand(body, sandbox.pathInside(setting, host));
      const item = { kind: 'COMMAND', title: scriptTitle(body), command, setting, timeoutMs: longestMs } as const;
      const result = await runCommandItem(sandbox, item, emit, AbortSignal.any([signal, clock.expired]));
      this.#stopped += result.exit.stopped;
      if (result.reason === 'ENDED' && result.exit.stopped > 0) await tellStopped(result.exit.stopped, emit);
      const timedOut = result.reason === 'ABORTED' && clock.expired.aborted && !signal.aborted;
      return { ...outcome(timedOut ? { ...result, reason: 'TIMED_OUT' } : result, turnTimeoutMs), usage: usageOf(result) };
    } catch (error) {
      if (error instanceof FailureError) return { reason: 'FAILED', failure: error.failure, usage: noUsage };
      throw error;
    } finally {
      clock.stop();
      await desk.close();
      await Promise.all([rm(host, { force: true }), rm(helpersOf(host), { recursive: true, force: true })]);
    }
  }

  /** What the script sees: itself, the `ask` command, and the directory by which that reaches the worker. */
  async #turnSetting(script: string, desk: AskDesk): Promise<SandboxSetting> {
    const { sandbox } = this.#setting;
    const helper = join(helpersOf(script), 'ask');
    await mkdir(dirname(helper), { recursive: true });
    await writeFile(helper, askHelper, { mode: 0o755 });
    const mounts = [
      { host: script, inside: scriptInside, writable: false },
      { host: dirname(helper), inside: helpersInside, writable: false },
      { host: desk.directory, inside: deskInside, writable: true },
    ];
    const setting = await agentSandboxSetting({ ...this.#setting, scratch: this.#scratch }, mounts);
    const { PATH = '' } = setting.variables;
    return {
      ...setting,
      variables: {
        ...setting.variables,
        PATH: `${sandbox.pathInside(setting, dirname(helper))}:${PATH}`,
        BATON_ASK: sandbox.pathInside(setting, desk.directory),
      },
    };
  }

  async close(): Promise<{ readonly stopped: number }> {
    this.#closed = true;
    const before = this.#stopped;
    this.#turn?.abort.abort();
    await this.#turn?.ended.catch(() => undefined);
    await removeTree(this.#setting.scratch === undefined ? this.#scratch : tempOf(this.#scratch));
    return { stopped: this.#stopped - before };
  }
}

function tellStopped(count: number, emit: Emit): Promise<void> {
  const what =
    count === 1 ? 'One process that the script had left running was' : `${count} processes that the script had left running were`;
  return emit({
    type: 'notice',
    level: 'WARNING',
    code: 'PROCESSES_STOPPED',
    message: `${what} stopped at the end of the turn.`,
  });
}

function outcome({ reason, exit }: CommandResult, timeoutMs: number): Pick<TurnResult, 'reason' | 'failure'> {
  if (reason === 'ABORTED') return { reason: 'INTERRUPTED', failure: null };
  if (reason === 'TIMED_OUT') return { reason: 'FAILED', failure: timedOut(timeoutMs) };
  if (exit.exitCode === 0) return { reason: 'COMPLETED', failure: null };
  const how = exit.signal ? `was killed by ${exit.signal}` : `exited with ${exit.exitCode}`;
  return { reason: 'FAILED', failure: failure('SCRIPT_FAILED', `The script ${how}.`) };
}

function timedOut(ms: number): Failure {
  const minutes = Math.round(ms / 60_000);
  const time = minutes < 2 ? `${Math.round(ms / 1000)} seconds` : `${minutes} minutes`;
  return failure(
    'TURN_TIMED_OUT',
    `The script ran longer than ${time} and was stopped. Make it shorter, or split it into several messages.`,
  );
}

function usageOf({ exit, tookMs }: CommandResult): TurnResult['usage'] {
  return { ...noUsage, wallMs: tookMs, cpuMs: exit.cpuMs, peakMemoryBytes: exit.peakMemoryBytes };
}
