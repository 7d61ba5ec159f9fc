import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LanguageModel } from 'ai';
import { FailureError, failure, type Failure } from '../../domain/failure.ts';
import { askAlways } from '../../domain/permissions.ts';
import { noUsage, usageOfModels, type Usage } from '../../domain/usage.ts';
import { agentSandboxSetting, tempOf } from '../agentSandboxSetting.ts';
import type { Agent, AgentSetting, ConversationState, Harness, TurnInput, TurnOutlet, TurnResult } from '../harness.ts';
import { removeTree } from '../removeTree.ts';
import type { SandboxSetting } from '../sandbox.ts';
import { TurnClock } from '../turnClock.ts';
import { askModel, type RequestedCall } from './askModel.ts';
import { compact, isFull } from './compact.ts';
import { Conversation } from './conversation.ts';
import { instructions } from './instructions.ts';
import { createModel } from './model.ts';
import { patiently } from './patientModel.ts';
import { PermissionDesk } from './permissions.ts';
import { runTool, type ToolBench } from './runTool.ts';
import { outputTokensOf, resultBytesOf, type BuiltInSettings } from './settings.ts';
import { toolSet } from './tools.ts';
import { TurnBudget } from './turnBudget.ts';
import { WorkspaceFiles } from './workspaceFiles.ts';

/** The agent's own version, as the transcript tells it. It goes up with its instructions, its tools and what it remembers. */
const builtInVersion = '1';

/**
 * Baton's own agent: a model that is asked in the worker, with its key, and tools that run in the session's sandbox,
 * without it.
 */
export function createBuiltIn(settings: BuiltInSettings): Harness {
  return {
    kind: 'BUILT_IN',
    async start(setting) {
      const model = createModel(settings);
      const conversation = Conversation.open(setting.conversation);
      const scratch = setting.scratch ?? (await mkdtemp(join(tmpdir(), 'baton-agent-')));
      const sandboxed = await agentSandboxSetting({ ...setting, scratch });
      return new BuiltInAgent({ settings, setting, model, conversation, scratch, sandboxed });
    },
  };
}

interface Parts {
  readonly settings: BuiltInSettings;
  readonly setting: AgentSetting;
  readonly model: LanguageModel;
  readonly conversation: Conversation;
  readonly scratch: string;
  readonly sandboxed: SandboxSetting;
}

/** What a turn has at hand. */
interface Turn {
  readonly input: TurnInput;
  readonly outlet: TurnOutlet;
  readonly signal: AbortSignal;
  readonly budget: TurnBudget;
  readonly bench: ToolBench;
}

class BuiltInAgent implements Agent {
  readonly #parts: Parts;
  readonly #files: WorkspaceFiles;
  readonly #permissions: PermissionDesk;
  #instructions: string | null = null;
  /** The transcript knows that the agent is ready. */
  #told = false;
  #turn: { readonly abort: AbortController; readonly ended: Promise<unknown> } | null = null;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#files = new WorkspaceFiles(parts.setting.sandbox, parts.sandboxed);
    this.#permissions = new PermissionDesk(parts.setting.permissions ?? askAlways);
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

  async exportConversation(): Promise<ConversationState> {
    return this.#parts.conversation.export();
  }

  async close(): Promise<{ readonly stopped: number }> {
    this.#closed = true;
    this.#turn?.abort.abort();
    await this.#turn?.ended.catch(() => undefined);
    const { setting, scratch } = this.#parts;
    await removeTree(setting.scratch === undefined ? scratch : tempOf(scratch));
    // Each tool stops what it started before it ends.
    return { stopped: 0 };
  }

  async #run(input: TurnInput, outlet: TurnOutlet, interrupted: AbortSignal): Promise<TurnResult> {
    const { settings, setting, sandboxed } = this.#parts;
    const began = performance.now();
    const clock = new TurnClock(setting.turnTimeoutMs);
    const signal = AbortSignal.any([interrupted, clock.expired]);
    const budget = new TurnBudget(settings);
    const processes = { cpuMs: 0, peakMemoryBytes: 0 };
    const patient: TurnOutlet = { emit: outlet.emit, ask: (question, gone) => clock.pausedFor(outlet.ask(question, gone)) };
    const bench: ToolBench = {
      sandbox: setting.sandbox,
      setting: sandboxed,
      files: this.#files,
      permissions: this.#permissions,
      outlet: patient,
      signal,
      planId: randomUUID(),
      resultBytes: resultBytesOf(settings),
      used: (cpuMs, peakMemoryBytes) => {
        processes.cpuMs += cpuMs;
        processes.peakMemoryBytes = Math.max(processes.peakMemoryBytes, peakMemoryBytes);
      },
    };
    let why: Failure | null = null;
    try {
      await this.#work({ input, outlet: patient, signal, budget, bench });
    } catch (error) {
      if (error instanceof FailureError) why = error.failure;
      else if (!signal.aborted) throw error;
    } finally {
      clock.stop();
    }
    const usage: Usage = {
      ...noUsage,
      ...usageOfModels(budget.models),
      ...processes,
      wallMs: Math.round(performance.now() - began),
    };
    if (interrupted.aborted) return { reason: 'INTERRUPTED', failure: null, usage };
    if (clock.expired.aborted) return { reason: 'FAILED', failure: timedOut(setting.turnTimeoutMs), usage };
    return { reason: why ? 'FAILED' : 'COMPLETED', failure: why, usage };
  }

  /** Asks the model and runs the tools that it calls, until it calls none. Each step is in the conversation as it ends. */
  async #work({ input, outlet, signal, budget, bench }: Turn): Promise<void> {
    const { settings, model, conversation } = this.#parts;
    conversation.add({ role: 'user', content: input.text });
    const told = await this.#begin(outlet, signal);
    while (!signal.aborted) {
      if (isFull(conversation, settings)) {
        await compact(conversation, input.text, { model, settings, instructions: told, outlet, signal, budget });
        if (signal.aborted) return;
      }
      budget.spendStep();
      const answer = await patiently(
        () =>
          askModel(
            {
              model,
              modelName: settings.model ?? '',
              instructions: told,
              messages: conversation.messages,
              tools: toolSet,
              outputTokens: outputTokensOf(settings),
              signal,
            },
            outlet.emit,
          ),
        { emit: outlet.emit, signal, retryMs: settings.retryMs },
      );
      if (!answer) return;
      budget.used(answer.usage);
      if (answer.message) conversation.add(answer.message);
      if (answer.usage) conversation.tokens = answer.usage.inputTokens + answer.usage.outputTokens;
      if (answer.aborted) return;
      if (answer.calls.length === 0) {
        if (!answer.cutShort) return;
        conversation.add({ role: 'user', content: 'Your answer was cut off at its longest. Go on where it ended.' });
        continue;
      }
      await this.#runCalls(bench, answer.calls);
    }
  }

  /** Runs the calls one after another. Each gets a result, whatever happens, as providers want it. */
  async #runCalls(bench: ToolBench, calls: readonly RequestedCall[]): Promise<void> {
    const told: string[] = [];
    try {
      for (const call of calls) {
        if (bench.signal.aborted) break;
        told.push(await runTool(bench, call));
      }
    } finally {
      this.#parts.conversation.add({
        role: 'tool',
        content: calls.map(({ id, name }, index) => ({
          type: 'tool-result',
          toolCallId: id,
          toolName: name,
          output: { type: 'text', value: told[index] ?? 'It was not run: the turn was stopped.' },
        })),
      });
    }
  }

  /** What the model is told first; at the session's first turn the agent says that it is ready. */
  async #begin(outlet: TurnOutlet, signal: AbortSignal): Promise<string> {
    if (this.#instructions !== null) return this.#instructions;
    const { setting, sandboxed, settings, conversation } = this.#parts;
    if (!this.#told) {
      await outlet.emit({
        type: 'conversation.opened',
        conversationId: conversation.id,
        resumed: conversation.resumed,
        version: builtInVersion,
        model: settings.model,
      });
      this.#told = true;
    }
    this.#instructions = await instructions(this.#files, setting.sandbox.workspacePath(sandboxed), signal);
    return this.#instructions;
  }
}

function timedOut(ms: number): Failure {
  const minutes = Math.round(ms / 60_000);
  return failure(
    'TURN_TIMED_OUT',
    `The turn took longer than ${minutes < 2 ? `${Math.round(ms / 1_000)} seconds` : `${minutes} minutes`} and was stopped. What it did is kept: continue the run to let it go on.`,
  );
}
