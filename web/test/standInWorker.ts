import {
  beginClose,
  endSession,
  hosted,
  loseSession,
  nextTurn,
  nextWork,
  restoring,
  sessionFailed,
  turnEnded,
  type Step,
} from '../../domain/execution.ts';
import type { RunEvent } from '../../domain/events.ts';
import { failure, type Failure } from '../../domain/failure.ts';
import type { MessageId, PromptId, SessionId, SnapshotId } from '../../domain/ids.ts';
import type { CaptureGap, FileChange, RestoreEntry, RestoreReport } from '../../domain/snapshot.ts';
import type { PlanStatus, ToolCall } from '../../domain/toolCall.ts';
import { noUsage, usageOfModels, type ModelUsage } from '../../domain/usage.ts';
import type { StandInRun } from './standInRun.ts';
import { newId, type World } from './world.ts';

export interface CommandScript {
  readonly kind?: 'COMMAND' | 'SETUP' | 'TEXT' | 'THOUGHT';
  readonly title: string;
  readonly output?: readonly string[];
  readonly exitCode?: number | null;
  readonly tookMs?: number;
  readonly omittedBytes?: number;
}

/** A call of a tool, and what came of it. */
export interface ToolScript {
  readonly call: Pick<ToolCall, 'name' | 'kind'>;
  readonly title: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output?: readonly string[];
  readonly diff?: { readonly path: string; readonly oldText: string | null; readonly newText: string | null };
  readonly failed?: boolean;
  readonly exitCode?: number | null;
}

const base = '9a0d41bc5f6e7d8091a2b3c4d5e6f70812345678';

/** A push of the run's branch, and what the remote said when it refused it. */
interface Push {
  readonly url: string;
  readonly refused?: string;
}

/** Acts as the workflows and workers of the real system would, step by step, by the domain's own decisions. */
export class StandInWorker {
  readonly world: World;
  readonly run: StandInRun;
  readonly name: string;
  #item = 0;

  constructor(world: World, run: StandInRun, name = 'eu-3') {
    this.world = world;
    this.run = run;
    this.name = name;
  }

  get sessionId(): SessionId {
    const id = this.run.state.session?.id;
    if (!id) throw new Error('there is no session');
    return id;
  }

  step<T>(decide: (run: StandInRun['state']) => Step<T>): T {
    const { events, result } = decide(this.run.state);
    if (events.length > 0) this.run.append(...events);
    return result;
  }

  message(text: string, author = this.world.person.actor): MessageId {
    const messageId = newId('msg') as MessageId;
    this.run.append({ type: 'message.added', messageId, author, text, bytes: Buffer.byteLength(text) });
    return messageId;
  }

  /** An ended run is queued again by a follow-up. */
  followUp(text: string): MessageId {
    const id = this.message(text);
    this.run.append({ type: 'run.state', from: this.run.state.state, to: 'QUEUED', failure: null });
    return id;
  }

  open(): void {
    this.step((run) => nextWork(run, newId('ses') as SessionId));
  }

  take(): void {
    this.step((run) => hosted(run, this.sessionId, this.name));
  }

  waiting(wait: 'CLONE' | 'SETUP' | 'RESTORE' | 'HARNESS', detail: string | null): void {
    this.run.append({ type: 'session.waiting', for: wait, detail });
  }

  opened(tookMs = 1_240): void {
    const branch = `baton/${this.run.id.slice(-8)}`;
    this.run.append({
      type: 'workspace.opened',
      repositories: [
        { repository: '.', url: 'https://git.example.com/platform/payments-api.git', baseBranch: 'main', base, branch },
      ],
      tookMs,
    });
  }

  restored(entries: readonly RestoreEntry[], change: Partial<RestoreReport> = {}): void {
    this.step((run) => restoring(run, this.sessionId));
    this.world.pass(3_100);
    const notApplied = entries.filter(({ status }) => status !== 'APPLIED').length;
    const report: RestoreReport = {
      snapshotId: this.run.state.session?.restoreFrom as SnapshotId,
      exact: notApplied === 0,
      applied: entries.length - notApplied,
      notApplied,
      entries,
      tookMs: 3_100,
      ...change,
    };
    this.run.append({ type: 'workspace.restored', report });
  }

  sandboxed(): void {
    this.run.append({
      type: 'notice',
      level: 'INFO',
      code: 'SANDBOXED',
      message: 'Runs in bubblewrap: its own processes and files, the workspace at /workspace; the network is open.',
    });
  }

  beginTurn(): void {
    this.step((run) => nextTurn(run, this.sessionId));
  }

  itemStart({ kind = 'COMMAND', title }: CommandScript): string {
    this.#item += 1;
    const itemId = `${this.run.id.slice(-6)}-${this.run.log.length}-${this.#item}`;
    this.run.append({ type: 'item.started', itemId, kind, title });
    return itemId;
  }

  itemChunk(itemId: string, text: string, stream: 'STDOUT' | 'STDERR' | 'TEXT' = 'STDOUT'): void {
    this.run.append({ type: 'item.chunk', itemId, stream, text });
  }

  itemEnd(
    itemId: string,
    { exitCode = 0, tookMs = 1_200, omittedBytes = 0, kind = 'COMMAND' }: Partial<CommandScript> = {},
  ): void {
    const code = kind === 'COMMAND' || kind === 'SETUP' ? exitCode : null;
    this.run.append({
      type: 'item.ended',
      itemId,
      status: code === 0 || code === null ? 'OK' : 'FAILED',
      exitCode: code,
      signal: null,
      bytes: 1,
      sha256: '0'.repeat(64),
      omittedBytes,
      tookMs,
    });
  }

  /** What an agent says or thinks, as it streams. */
  say(kind: 'TEXT' | 'THOUGHT', pieces: readonly string[]): void {
    const itemId = this.itemStart({ kind, title: '' });
    for (const text of pieces) this.itemChunk(itemId, text, 'TEXT');
    this.world.pass(2_400);
    this.itemEnd(itemId, { kind, tookMs: 2_400 });
  }

  /** A call of a tool by an agent, from its start to its end. */
  tool({ call, title, input, output = [], diff, failed = false, exitCode = null }: ToolScript): void {
    this.#item += 1;
    const itemId = `${this.run.id.slice(-6)}-${this.run.log.length}-${this.#item}`;
    const text = JSON.stringify(input);
    const kind = call.kind === 'EXECUTE' ? 'COMMAND' : 'TOOL';
    const tool = { id: `call_${this.#item}`, ...call };
    this.run.append({ type: 'item.started', itemId, kind, title, tool, input: text, inputBytes: Buffer.byteLength(text) });
    if (diff) this.run.append({ type: 'item.diff', itemId, complete: true, ...diff });
    for (const part of output) this.itemChunk(itemId, part);
    this.world.pass(900);
    this.run.append({
      type: 'item.ended',
      itemId,
      status: failed ? 'FAILED' : 'OK',
      exitCode,
      signal: null,
      bytes: 1,
      sha256: '0'.repeat(64),
      omittedBytes: 0,
      tookMs: 900,
    });
  }

  plan(steps: readonly (readonly [content: string, status: PlanStatus])[]): void {
    const planId = `${this.run.id.slice(-6)}-plan-${this.run.state.turns}`;
    this.run.append({ type: 'plan.updated', planId, entries: steps.map(([content, status]) => ({ content, status })) });
  }

  conversation(resumed: boolean): void {
    this.run.append({
      type: 'conversation.opened',
      conversationId: `${this.run.id.slice(-6)}-4e1b7c90`,
      resumed,
      version: '1',
      model: 'claude-sonnet-5',
    });
  }

  command(script: CommandScript): void {
    const itemId = this.itemStart(script);
    const stream = script.kind === 'TEXT' || script.kind === 'THOUGHT' ? 'TEXT' : 'STDOUT';
    for (const text of script.output ?? []) this.itemChunk(itemId, text, stream);
    this.world.pass(script.tookMs ?? 1_200);
    this.itemEnd(itemId, script);
  }

  files(files: readonly FileChange[]): void {
    this.run.append({ type: 'files.changed', files, count: files.length });
  }

  endTurn(why: Failure | null = null, wallMs = 42_000, models: readonly ModelUsage[] = []): void {
    const usage = { ...noUsage, ...usageOfModels(models), wallMs, cpuMs: Math.round(wallMs * 0.6), peakMemoryBytes: 182_000_000 };
    const turn = this.run.state.turn?.turn ?? 0;
    this.step((run) => turnEnded(run, this.sessionId, { turn, reason: why ? 'FAILED' : 'COMPLETED', failure: why, usage }));
  }

  capture(
    kind: 'CHECKPOINT' | 'FINAL',
    {
      changes = [],
      gaps = [],
      patch = null,
    }: { changes?: readonly FileChange[]; gaps?: readonly CaptureGap[]; patch?: string | null } = {},
  ): SnapshotId {
    const snapshotId = newId('snp') as SnapshotId;
    if (patch !== null) this.run.patches.set(snapshotId, patch);
    const event: RunEvent = {
      type: 'snapshot.captured',
      snapshotId,
      kind,
      summary: {
        manifest: { hash: 'm', bytes: 900 },
        repositories: [
          {
            repository: '.',
            url: 'https://git.example.com/platform/payments-api.git',
            branch: this.run.branch,
            head: '4e1b7c90aa11bb22cc33dd44ee55ff6677889900',
            base,
            unpushedCommits: 2,
          },
        ],
        changes,
        changedFiles: changes.length,
        patch: patch === null ? null : { hash: 'p', bytes: Buffer.byteLength(patch) },
        gaps,
        gapCount: gaps.length,
        entries: changes.length + 3,
        bytes: 3_100_000,
        storedBytes: 410_000,
        quiesced: true,
        tookMs: 640,
      },
    };
    this.run.append(event);
    return snapshotId;
  }

  close(
    outcome: 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'PARKED' = 'SUCCEEDED',
    captured: Parameters<StandInWorker['capture']>[1] | null = {},
    pushes: readonly Push[] = [],
  ): void {
    this.step((run) => beginClose(run, this.sessionId, true));
    this.world.pass(700);
    if (captured) this.capture('FINAL', captured);
    for (const push of pushes) this.#push(push);
    this.step((run) => endSession(run, this.sessionId, { outcome, started: true }));
  }

  #push({ url, refused }: Push): void {
    const branch = { repository: '.', url, branch: this.run.branch ?? '', commit: '4e1b7c90aa11bb22cc33dd44ee55ff6677889900' };
    this.run.append(
      refused === undefined
        ? { type: 'branch.pushed', ...branch, commits: 3 }
        : { type: 'branch.notPushed', ...branch, reason: 'REJECTED', detail: refused },
    );
  }

  fail(why: Failure, started = true): void {
    this.step((run) => sessionFailed(run, this.sessionId, why));
    this.step((run) => endSession(run, this.sessionId, { outcome: 'FAILED', started }));
  }

  lose(): void {
    const why = failure(
      'WORKER_LOST',
      `Worker ${this.name} stopped answering; its sessions were taken from it. Continue the run from its last checkpoint.`,
    );
    this.step((run) => loseSession(run, this.sessionId, why));
  }

  ask(question: string, options: readonly string[], kind: 'PERMISSION' | 'QUESTION' = 'QUESTION', freeText = true): PromptId {
    const promptId = newId('prm') as PromptId;
    this.run.append(
      { type: 'session.state', from: 'RUNNING', to: 'BLOCKED', worker: null, outcome: null, failure: null },
      { type: 'run.state', from: 'IN_PROGRESS', to: 'BLOCKED', failure: null },
      {
        type: 'prompt.opened',
        promptId,
        kind,
        question,
        options: options.map((label, index) => ({ id: `o${index + 1}`, label })),
        freeText,
      },
    );
    return promptId;
  }

  /** The agent has the answer and goes on. */
  resume(): void {
    const promptId = this.run.state.prompt?.promptId;
    if (!promptId) throw new Error('there is no prompt');
    this.run.append(
      { type: 'prompt.delivered', promptId },
      { type: 'session.state', from: 'BLOCKED', to: 'RUNNING', worker: null, outcome: null, failure: null },
      { type: 'run.state', from: 'BLOCKED', to: 'IN_PROGRESS', failure: null },
    );
  }

  /** From the queue to the first turn. */
  start(): void {
    this.open();
    this.world.pass(1_800);
    this.take();
    this.world.pass(1_300);
    this.opened();
    this.sandboxed();
    this.beginTurn();
  }
}
