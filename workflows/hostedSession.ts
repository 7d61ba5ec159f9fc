import path from 'node:path';
import type { Logger } from 'pino';
import type { OpenedRepository } from '../domain/events.ts';
import type { Failure } from '../domain/failure.ts';
import type { PromptId } from '../domain/ids.ts';
import type { NewSecret } from '../domain/secret.ts';
import type { PromptAnswer } from '../domain/prompt.ts';
import type { BlobRef } from '../domain/snapshot.ts';
import type { Agent, AgentSetting, ConversationState } from '../harnesses/harness.ts';
import type { TranscriptWriter } from '../journal/append.ts';
import type { Follower } from '../journal/follow.ts';
import type { Journal } from '../journal/journal.ts';
import { Masking } from '../journal/masking.ts';
import type { SessionToOpen } from '../journal/readSession.ts';
import { SessionWriter } from '../journal/sessionWriter.ts';
import { maskLog } from '../telemetry/masks.ts';
import { Lease } from './lease.ts';

export interface Hosting {
  readonly journal: Journal;
  readonly follower: Follower;
  readonly log: Logger;
  /** The directory below which each session has its own. */
  readonly sessionsDirectory: string;
}

/**
 * A session that this worker holds: its lease, its directories, its agent, and an ear on the run's log, by which a
 * cancel or an interrupt reaches the turn in flight within milliseconds, whatever Temporal does at that moment.
 */
export class HostedSession {
  readonly writer: TranscriptWriter & { readonly masking: Masking };
  readonly log: Logger;
  /** Writes what the agent does. */
  readonly transcript: SessionWriter;
  readonly directory: string;
  /** What it works on; null before it was opened. */
  info: SessionToOpen | null = null;
  agent: Agent | null = null;
  /** What the session's processes run with; null before the workspace was opened. */
  setting: AgentSetting | null = null;
  opened: readonly OpenedRepository[] = [];
  /** The agent's conversation as the last turn left it, or as the session before did. */
  conversation: ConversationState | null = null;
  /** Of its environment; kept nowhere else. */
  secrets: readonly NewSecret[] = [];
  #unmaskLog: () => void = () => {};
  /** The manifest of the newest snapshot that the workspace came from or went into. */
  manifest: BlobRef | null = null;
  readonly #lease: Lease;
  readonly #canceled = new AbortController();
  readonly #stopped = new AbortController();
  readonly #hurried = new AbortController();
  /** Why the turn was stopped from here, when it was. */
  turnFailure: Failure | null = null;
  #turn: AbortController | null = null;
  readonly #answers = new Map<PromptId, (answer: PromptAnswer) => void>();
  #release: () => void = () => {};
  /** Resolves when the session was released by its workflow. */
  readonly released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  private constructor(hosting: Hosting, writer: TranscriptWriter, lease: Lease) {
    this.writer = { ...writer, masking: new Masking() };
    this.#lease = lease;
    this.log = hosting.log.child({ runId: writer.runId, sessionId: writer.sessionId });
    this.directory = path.join(hosting.sessionsDirectory, writer.sessionId);
    this.transcript = new SessionWriter(hosting.journal, this.writer, this.gone);
  }

  /** Takes the session into this worker. `after` is where in the log the session begins. */
  static async take(hosting: Hosting, writer: TranscriptWriter, after: number): Promise<HostedSession> {
    const session = new HostedSession(hosting, writer, await Lease.take(hosting.journal, writer));
    void session.#listen(hosting.follower, after);
    return session;
  }

  get workspace(): string {
    return path.join(this.directory, 'workspace');
  }

  /** What the worker keeps beside the workspace, out of the agent's sight. */
  get workspaceState(): string {
    return path.join(this.directory, 'workspace-state');
  }

  get home(): string {
    return path.join(this.directory, 'home');
  }

  /** Temporary files, and what the harness hands the agent. */
  get scratch(): string {
    return path.join(this.directory, 'scratch');
  }

  /** From here on neither the run's log nor the worker's shows them. */
  useSecrets(secrets: readonly NewSecret[]): void {
    this.#unmaskLog();
    this.secrets = secrets;
    this.writer.masking.use(secrets);
    if (secrets.length > 0) this.#unmaskLog = maskLog(this.writer.masking.text);
  }

  /** Nothing of the session is told any more. */
  forgetSecrets(): void {
    this.#unmaskLog();
    this.secrets = [];
  }

  /** Aborts when the session is no longer this worker's, or the worker stops. */
  get gone(): AbortSignal {
    return AbortSignal.any([this.#lease.lost, this.#stopped.signal]);
  }

  /** Aborts when what the session does now must stop: it is gone, or its run was canceled. */
  get halted(): AbortSignal {
    return AbortSignal.any([this.gone, this.#canceled.signal]);
  }

  get isCanceled(): boolean {
    return this.#canceled.signal.aborted;
  }

  /** Aborts when the worker is about to stop: what only would be good to have is left out. */
  get hurried(): AbortSignal {
    return this.#hurried.signal;
  }

  /** The session must end within seconds, or it is lost with its worker. */
  hurry(): void {
    this.#hurried.abort(new Error('the worker is about to stop'));
  }

  /** The answer to a prompt, once it is in the log. Asked for before the prompt is, so that none is missed. */
  answerTo(promptId: PromptId): Promise<PromptAnswer> {
    return new Promise((resolve) => this.#answers.set(promptId, resolve));
  }

  /** Stops the turn in flight, which then fails for this reason. */
  failTurn(why: Failure): void {
    this.turnFailure ??= why;
    this.#turn?.abort(new Error(why.code));
  }

  /** A signal for one turn, which a person can also interrupt alone. */
  beginTurn(): AbortSignal {
    this.#turn = new AbortController();
    this.turnFailure = null;
    return AbortSignal.any([this.halted, this.#turn.signal]);
  }

  release(): void {
    this.#release();
  }

  /** Stops the agent's whole process tree; from then on nothing of the session can write. */
  async stop(reason: Error): Promise<void> {
    this.#stopped.abort(reason);
    this.#lease.stop();
    await this.agent?.close();
  }

  async #listen(follower: Follower, after: number): Promise<void> {
    const { runId, ordinal } = this.writer;
    try {
      for await (const { events } of follower.follow(runId, after, this.gone)) {
        for (const { event, session } of events) {
          if (session !== ordinal) continue;
          if (event.type === 'run.cancelRequested') this.#canceled.abort(new Error('the run was canceled'));
          if (event.type === 'prompt.answered') this.#answers.get(event.promptId)?.(event.answer);
          if (event.type === 'turn.interruptRequested') this.#turn?.abort(new Error('the turn was interrupted'));
        }
      }
    } catch (error) {
      // Without this ear a cancel would not be heard: better to lose the session than to run on deaf.
      this.log.error({ err: error }, 'the run’s log can no longer be followed');
      this.#stopped.abort(error);
    }
  }
}
