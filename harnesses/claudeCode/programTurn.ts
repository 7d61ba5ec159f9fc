import type { Readable } from 'node:stream';
import type { AgentEvent } from '../../domain/events.ts';
import type { Failure } from '../../domain/failure.ts';
import { addUsage, noUsage, type Usage } from '../../domain/usage.ts';
import type { TurnOutlet, TurnResult } from '../harness.ts';
import type { Sandbox, SandboxExit, SandboxProcess, SandboxSetting } from '../sandbox.ts';
import { TurnClock } from '../turnClock.ts';
import { crashed, didNotStart, failureIn, notUnderstood, timedOut } from './failures.ts';
import { LineTooLongError, linesOf } from './lines.ts';
import type { PermissionDesk } from './permissions.ts';
import { parseLine, ProtocolError, type ControlRequest, type Line, type Result, type SystemLine } from './protocol.ts';
import { TurnTranscript } from './transcript.ts';
import { usageIn } from './usage.ts';

export interface ProgramTurnParts {
  readonly sandbox: Sandbox;
  readonly setting: SandboxSetting;
  readonly command: readonly [string, ...string[]];
  /** The person's message. */
  readonly text: string;
  readonly outlet: TurnOutlet;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** How long the program may take until it says its first word. */
  readonly startMs: number;
  readonly desk: PermissionDesk;
  /** Hears once with which version and model it works. */
  readonly opened: (version: string, model: string | null) => Promise<void>;
}

/** The program may take this long to stop its turn by itself, and to exit after it has, in milliseconds. */
const interruptMs = 1_000;
const exitMs = 5_000;
/** Output may come this much later than the program's end. */
const lastOutputMs = 1_000;
const stderrCharacters = 4_000;

type Stop = 'INTERRUPTED' | 'TIMED_OUT' | 'NOT_STARTED';

/**
 * One turn, which is one process: it is given the conversation and the message, works, and ends. So nothing of it runs
 * between two turns, and what it keeps of the conversation is whole when it is read.
 */
export class ProgramTurn {
  readonly #parts: ProgramTurnParts;
  readonly #process: SandboxProcess;
  readonly #transcript: TurnTranscript;
  readonly #clock: TurnClock;
  readonly #asks = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #began = performance.now();
  #stop: Stop | null = null;
  #result: Result | null = null;
  #usage: Usage = noUsage;
  #started = false;
  #stderr = '';

  private constructor(parts: ProgramTurnParts, process: SandboxProcess) {
    this.#parts = parts;
    this.#process = process;
    this.#transcript = new TurnTranscript(parts.outlet.emit, parts.sandbox.workspacePath(parts.setting));
    this.#clock = new TurnClock(parts.timeoutMs);
  }

  /** Works on the message; also gives how many processes it left running, which were stopped. */
  static async run(parts: ProgramTurnParts): Promise<TurnResult & { readonly stopped: number }> {
    const process = await parts.sandbox.spawn(parts.command, parts.setting);
    return await new ProgramTurn(parts, process).#run();
  }

  async #run(): Promise<TurnResult & { readonly stopped: number }> {
    const { signal, startMs } = this.#parts;
    const interrupt = () => this.#interrupt('INTERRUPTED');
    const expire = () => this.#interrupt('TIMED_OUT');
    signal.addEventListener('abort', interrupt, { once: true });
    this.#clock.expired.addEventListener('abort', expire, { once: true });
    this.#after(startMs, () => {
      if (!this.#started) this.#kill('NOT_STARTED');
    });
    let broken: Failure | null = null;
    try {
      this.#send({ type: 'control_request', request_id: 'initialize', request: { subtype: 'initialize', hooks: null } });
      const message = { role: 'user', content: this.#parts.text };
      this.#send({ type: 'user', message, parent_tool_use_id: null, session_id: '' });
      if (signal.aborted) interrupt();
      const [exit] = await Promise.all([this.#process.exit, this.#readLines(), this.#readStderr()]).catch(
        async (error: unknown) => {
          if (!(error instanceof ProtocolError || error instanceof LineTooLongError)) throw error;
          broken = notUnderstood(error);
          await this.#process.stop(0);
          return [await this.#process.exit] as const;
        },
      );
      return await this.#end(exit, broken);
    } catch (error) {
      await this.#process.stop(0);
      throw error;
    } finally {
      signal.removeEventListener('abort', interrupt);
      this.#clock.stop();
      for (const timer of this.#timers) clearTimeout(timer);
      for (const { abort } of this.#asks.values()) abort.abort();
      await Promise.all([...this.#asks.values()].map(({ done }) => done));
    }
  }

  async #end(exit: SandboxExit, broken: Failure | null): Promise<TurnResult & { readonly stopped: number }> {
    if (this.#stop) this.#transcript.stop();
    await this.#transcript.finish();
    const measured = { cpuMs: exit.cpuMs, peakMemoryBytes: exit.peakMemoryBytes };
    const usage = addUsage({ ...noUsage, wallMs: performance.now() - this.#began, ...measured }, this.#usage);
    return { ...this.#outcome(exit, broken), usage, stopped: exit.stopped };
  }

  #outcome(exit: SandboxExit, broken: Failure | null): Pick<TurnResult, 'reason' | 'failure'> {
    const failed = (why: Failure) => ({ reason: 'FAILED', failure: why }) as const;
    if (this.#stop === 'INTERRUPTED') return { reason: 'INTERRUPTED', failure: null };
    if (this.#stop === 'TIMED_OUT') return failed(timedOut(this.#parts.timeoutMs));
    if (this.#stop === 'NOT_STARTED') return failed(didNotStart(this.#parts.startMs));
    if (broken) return failed(broken);
    if (!this.#result) return failed(crashed(exit, this.#stderr));
    const why = failureIn(this.#result);
    return why ? failed(why) : { reason: 'COMPLETED', failure: null };
  }

  async #readLines(): Promise<void> {
    const { stdout } = this.#process;
    const finished = this.#endAfterExit(stdout);
    try {
      for await (const line of linesOf(stdout)) {
        const said = parseLine(line);
        if (said) await this.#take(said);
      }
    } catch (error) {
      // It was given up: whoever holds the pipe is none of ours.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    } finally {
      finished();
    }
  }

  async #readStderr(): Promise<void> {
    const { stderr } = this.#process;
    const finished = this.#endAfterExit(stderr);
    try {
      for await (const part of stderr) this.#stderr = (this.#stderr + String(part)).slice(-stderrCharacters);
    } catch {
      // Given up; it is only for a failure's text.
    } finally {
      finished();
    }
  }

  /** Gives a stream up that does not end though the program has. */
  #endAfterExit(stream: Readable): () => void {
    let over = false;
    const give = () => {
      if (!over) this.#after(lastOutputMs, () => void (over || stream.destroy()));
    };
    this.#process.exit.then(give, give);
    return () => {
      over = true;
    };
  }

  async #take(line: Line): Promise<void> {
    switch (line.type) {
      case 'stream_event':
        return this.#transcript.streamed(line);
      case 'assistant':
        return this.#transcript.assistant(line);
      case 'user':
        return this.#transcript.user(line);
      case 'system':
        return this.#system(line);
      case 'control_request':
        return this.#asked(line);
      case 'control_cancel_request':
        return this.#asks.get(line.request_id)?.abort.abort();
      case 'result':
        return this.#resulted(line);
    }
  }

  async #system(line: SystemLine): Promise<void> {
    if (line.subtype === 'init' && !this.#started) {
      this.#started = true;
      await this.#parts.opened(line.claude_code_version ?? 'unknown', line.model ?? null);
    }
    const notice = noticeOf(line);
    if (notice) await this.#parts.outlet.emit(notice);
  }

  /** People are asked while the program’s other lines go on being read. */
  #asked(line: ControlRequest): void {
    if (line.request.subtype !== 'can_use_tool') {
      return this.#send({
        type: 'control_response',
        response: { subtype: 'error', request_id: line.request_id, error: 'not supported' },
      });
    }
    const abort = new AbortController();
    const done = this.#answer(line, abort.signal)
      // The turn goes on without an answer, or ends.
      .catch(() => undefined)
      .finally(() => this.#asks.delete(line.request_id));
    this.#asks.set(line.request_id, { abort, done });
  }

  async #answer(line: ControlRequest, gone: AbortSignal): Promise<void> {
    const { desk, outlet, signal } = this.#parts;
    const over = AbortSignal.any([gone, signal, this.#clock.expired]);
    const decision = await desk.decide(line, (question, until) => this.#clock.pausedFor(outlet.ask(question, until)), over);
    if (gone.aborted) return;
    if (decision.behavior === 'deny' && line.request.tool_use_id) this.#transcript.deny(line.request.tool_use_id);
    this.#send({
      type: 'control_response',
      response: { subtype: 'success', request_id: line.request_id, response: decision },
    });
  }

  #resulted(line: Result): void {
    this.#result = line;
    this.#usage = addUsage(this.#usage, usageIn(line));
    // Without more to read it ends.
    this.#process.stdin.end();
    this.#after(exitMs, () => void this.#process.stop());
  }

  #interrupt(why: Stop): void {
    if (this.#stop || this.#result) return;
    this.#stop = why;
    this.#transcript.stop();
    this.#send({ type: 'control_request', request_id: 'interrupt', request: { subtype: 'interrupt' } });
    this.#after(interruptMs, () => void this.#process.stop());
  }

  #kill(why: Stop): void {
    this.#stop ??= why;
    void this.#process.stop(0);
  }

  #send(line: object): void {
    if (this.#process.stdin.writable) this.#process.stdin.write(`${JSON.stringify(line)}\n`);
  }

  #after(ms: number, work: () => void): void {
    this.#timers.add(setTimeout(work, ms));
  }
}

function noticeOf(line: SystemLine): AgentEvent | null {
  if (line.subtype === 'compact_boundary') {
    const message = 'Claude Code summed up what was said so far, to have room for more.';
    return { type: 'notice', level: 'INFO', code: 'CONTEXT_COMPACTED', message };
  }
  if (line.subtype !== 'api_retry') return null;
  const why = [line.error, line.error_status].filter((part) => part !== undefined && part !== null).join(', ');
  const seconds = ((line.retry_delay_ms ?? 0) / 1_000).toFixed(1);
  const message = `The model did not answer${why ? ` (${why})` : ''}; it is asked again in ${seconds} s (${line.attempt ?? 1} of ${line.max_retries ?? 1}).`;
  return { type: 'notice', level: 'WARNING', code: 'MODEL_RETRIED', message };
}
