import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError } from '../../domain/failure.ts';
import { askAlways } from '../../domain/permissions.ts';
import { noUsage } from '../../domain/usage.ts';
import { agentSandboxSetting, tempOf } from '../agentSandboxSetting.ts';
import type { Agent, AgentSetting, ConversationState, Emit, Harness, TurnInput, TurnOutlet, TurnResult } from '../harness.ts';
import { removeTree } from '../removeTree.ts';
import type { SandboxMount, SandboxSetting } from '../sandbox.ts';
import { ConversationTooLargeError, hasConversation, readConversation, writeConversation } from './conversation.ts';
import { findProgram } from './findProgram.ts';
import { ModelBridge, socketName } from './modelBridge.ts';
import { modelForwarder } from './modelForwarder.ts';
import { PermissionDesk } from './permissions.ts';
import { ProgramTurn } from './programTurn.ts';
import type { ClaudeCodeSettings } from './settings.ts';

const programInside = '/run/baton/claude';
const nodeInside = '/run/baton/node';
const forwarderInside = '/run/baton/forwarder.cjs';
const bridgeInside = '/run/baton/model';

/** The variable by which the program knows its key. */
const keyVariable = 'ANTHROPIC_API_KEY';

/** How long the program may take until it says its first word, in milliseconds. */
const startMs = 2 * 60_000;

/** What it runs with, whatever the environment says. */
const variables = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
  // Its plan by the tool that replaces the whole of it at once.
  CLAUDE_CODE_ENABLE_TODO_TOOLS: '1',
  CLAUDE_CODE_ENABLE_TASKS: '0',
  // A turn is over when its process is: nothing could be told later.
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
};

/** Tools that only a process that goes on can keep the promise of. */
const withoutTools = ['CronCreate', 'CronDelete', 'CronList', 'ScheduleWakeup'];

const options = [
  ...['--print', '--verbose', '--input-format', 'stream-json', '--output-format', 'stream-json', '--include-partial-messages'],
  ...['--permission-prompt-tool', 'stdio', '--permission-mode', 'acceptEdits'],
  `--disallowedTools=${withoutTools.join(',')}`,
];

export interface ClaudeCodeParts {
  /** Finds the program; by default as `findProgram` does. */
  readonly find?: typeof findProgram;
  readonly startMs?: number;
}

/**
 * Claude Code (https://docs.claude.com/en/docs/claude-code), by its own program and its own protocol. Files of the workspace
 * it changes without asking; what else it asks for is put to people. The model's key stays in the worker.
 */
export function createClaudeCode(settings: ClaudeCodeSettings, parts: ClaudeCodeParts = {}): Harness {
  return {
    kind: 'CLAUDE_CODE',
    async start(setting) {
      const { baseUrl } = settings;
      // The environment's own goes before the workers'; it too is kept from the agent.
      const apiKey = setting.variables[keyVariable] || settings.apiKey;
      if (apiKey === null) throw noKey();
      const program = await (parts.find ?? findProgram)(settings, setting);
      const scratch = setting.scratch ?? (await mkdtemp(join(tmpdir(), 'baton-claude-')));
      const over = setting.sandbox.kind === 'BUBBLEWRAP' && !setting.network ? 'SOCKET' : 'LOOPBACK';
      const bridge = await ModelBridge.open({ baseUrl, apiKey, over });
      const agent = new ClaudeCodeAgent({ setting, program, scratch, bridge, startMs: parts.startMs ?? startMs });
      try {
        await agent.takeUp();
      } catch (error) {
        await agent.close();
        throw error;
      }
      return agent;
    },
  };
}

const noKey = (): FailureError =>
  new FailureError(
    'MODEL_NOT_CONFIGURED',
    'Claude Code has no key for its model: set BATON_ANTHROPIC_API_KEY on the workers and restart them, or give the environment a secret of the name ' +
      'ANTHROPIC_API_KEY; then continue the run.',
  );

interface Running {
  readonly setting: AgentSetting;
  readonly program: string;
  readonly scratch: string;
  readonly bridge: ModelBridge;
  readonly startMs: number;
}

class ClaudeCodeAgent implements Agent {
  readonly #with: Running;
  readonly #desk: PermissionDesk;
  readonly #conversationId: string;
  #conversation: ConversationState | null;
  #opened = false;
  #turn: { readonly abort: AbortController; readonly ended: Promise<unknown> } | null = null;
  #closed = false;
  #stopped = 0;

  constructor(running: Running) {
    this.#with = running;
    this.#desk = new PermissionDesk(running.setting.permissions ?? askAlways);
    this.#conversation = running.setting.conversation ?? null;
    this.#conversationId = this.#conversation?.conversationId ?? randomUUID();
  }

  /** Puts the conversation of the earlier sessions where the program finds it. */
  async takeUp(): Promise<void> {
    const { sandbox, home, workspace } = this.#with.setting;
    if (!this.#conversation) return;
    await writeConversation(home, sandbox.workspacePath({ workspace, home, variables: {}, network: false }), this.#conversation);
  }

  async runTurn(input: TurnInput, outlet: TurnOutlet, signal: AbortSignal): Promise<TurnResult> {
    if (this.#closed) throw new Error('the agent is closed');
    if (this.#turn) throw new Error('a turn is running already');
    if (signal.aborted) return { reason: 'INTERRUPTED', failure: null, usage: noUsage };
    const abort = new AbortController();
    const ended = this.#run(input, outlet, AbortSignal.any([signal, abort.signal]));
    this.#turn = { abort, ended };
    try {
      return await ended;
    } finally {
      this.#turn = null;
    }
  }

  async #run({ text }: TurnInput, outlet: TurnOutlet, signal: AbortSignal): Promise<TurnResult> {
    const { setting, startMs: mayTakeMs } = this.#with;
    const { sandbox, home, turnTimeoutMs: timeoutMs } = setting;
    const [command, sandboxSetting] = await this.#launch(await hasConversation(home, this.#conversationId));
    try {
      const { stopped, ...result } = await ProgramTurn.run({
        ...{ sandbox, setting: sandboxSetting, command, text, outlet, signal, timeoutMs, startMs: mayTakeMs, desk: this.#desk },
        opened: (version, model) => this.#tellOpened(outlet.emit, version, model),
      });
      this.#stopped += stopped;
      if (result.reason !== 'INTERRUPTED' && stopped > 0) await tellStopped(stopped, outlet.emit);
      await this.#keepConversation(outlet.emit);
      return result;
    } catch (error) {
      if (error instanceof FailureError) return { reason: 'FAILED', failure: error.failure, usage: noUsage };
      throw error;
    }
  }

  /** The command of one turn, and what it sees. */
  async #launch(resume: boolean): Promise<readonly [command: readonly [string, ...string[]], SandboxSetting]> {
    const { setting, program, scratch, bridge } = this.#with;
    const { sandbox } = setting;
    const forwarder = join(scratch, 'forwarder.cjs');
    const mounts: SandboxMount[] = [{ host: program, inside: programInside, writable: false }];
    if (bridge.directory !== null) {
      await writeFile(forwarder, modelForwarder);
      mounts.push(
        { host: process.execPath, inside: nodeInside, writable: false },
        { host: forwarder, inside: forwarderInside, writable: false },
        { host: bridge.directory, inside: bridgeInside, writable: false },
      );
    }
    const base = await agentSandboxSetting({ ...setting, scratch }, mounts);
    const inside = (path: string) => sandbox.pathInside(base, path);
    const own = {
      ...variables,
      // The worker's bridge puts the real one in its place.
      [keyVariable]: 'kept-by-the-worker',
      ...(bridge.url !== null && { ANTHROPIC_BASE_URL: bridge.url }),
    };
    const conversation = resume ? ['--resume', this.#conversationId] : ['--session-id', this.#conversationId];
    const command = [inside(program), ...options, ...conversation] as const;
    const forwarded = bridge.directory && [
      inside(process.execPath),
      inside(forwarder),
      join(inside(bridge.directory), socketName),
      ...command,
    ];
    return [(forwarded as [string, ...string[]] | null) ?? [...command], { ...base, variables: { ...base.variables, ...own } }];
  }

  async #tellOpened(emit: Emit, version: string, model: string | null): Promise<void> {
    if (this.#opened) return;
    this.#opened = true;
    const resumed = this.#with.setting.conversation !== undefined;
    await emit({ type: 'conversation.opened', conversationId: this.#conversationId, resumed, version, model });
  }

  /** Its process has ended, so the files are whole. */
  async #keepConversation(emit: Emit): Promise<void> {
    try {
      this.#conversation = (await readConversation(this.#with.setting.home, this.#conversationId)) ?? this.#conversation;
    } catch (error) {
      if (!(error instanceof ConversationTooLargeError)) throw error;
      const message =
        'Claude Code’s conversation has grown too large to be kept: the next session goes on from an earlier turn of it.';
      await emit({ type: 'notice', level: 'WARNING', code: 'CONVERSATION_NOT_CARRIED', message });
    }
  }

  async exportConversation(): Promise<ConversationState | null> {
    return this.#conversation;
  }

  async close(): Promise<{ readonly stopped: number }> {
    this.#closed = true;
    const before = this.#stopped;
    this.#turn?.abort.abort();
    await this.#turn?.ended.catch(() => undefined);
    const { setting, scratch, bridge } = this.#with;
    await bridge.close();
    await removeTree(setting.scratch === undefined ? scratch : tempOf(scratch));
    return { stopped: this.#stopped - before };
  }
}

function tellStopped(count: number, emit: Emit): Promise<void> {
  const what =
    count === 1
      ? 'One process that Claude Code had left running was'
      : `${count} processes that Claude Code had left running were`;
  const message = `${what} stopped at the end of the turn.`;
  return emit({ type: 'notice', level: 'WARNING', code: 'PROCESSES_STOPPED', message });
}
