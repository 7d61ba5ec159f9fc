import {
  ActivityFailure,
  CancellationScope,
  condition,
  setCurrentDetails,
  setHandler,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { SessionEnd } from '../domain/execution.ts';
import type { SessionActivities } from './activities/session.ts';
import { hosted, status, wake, type SessionInput } from './contract.ts';
import { control, host, onWorker } from './proxies.ts';

/** How the hosting of the session ended, when it did. */
type Hosting = { readonly kind: 'RELEASED' | 'OVER' } | { readonly kind: 'LOST'; readonly error: unknown };

/**
 * One session: a worker takes it, opens the workspace, lets the agent work turn by turn, captures and lets go.
 * When its worker is lost at any point, the session is ended as lost.
 */
export async function session(input: SessionInput): Promise<void> {
  const execution = new SessionExecution(input);
  setHandler(wake, () => execution.onWake());
  setHandler(hosted, ({ worker, taskQueue }) => execution.onHosted(worker, taskQueue));
  setHandler(status, () => execution.at);
  const root = CancellationScope.current();
  void root.cancelRequested.catch(() => execution.onCancel());
  await CancellationScope.nonCancellable(() => execution.run());
}

class WorkerLost extends Error {}

class SessionExecution {
  at = 'waiting for a worker';
  readonly #input: SessionInput;
  readonly #journal;
  #hostScope: CancellationScope | null = null;
  #wakes = 0;
  #worker: SessionActivities | null = null;
  #hosting: Hosting | null = null;
  #loseWorker: (reason: WorkerLost) => void = () => {};
  /** Rejects when the worker is lost; raced by every activity that runs there. */
  readonly #lost = new Promise<never>((_, reject) => {
    this.#loseWorker = reject;
  });

  constructor(input: SessionInput) {
    this.#input = input;
    this.#journal = control(input.taskQueue);
    this.#lost.catch(() => {});
  }

  onWake(): void {
    this.#wakes++;
  }

  onHosted(worker: string, taskQueue: string): void {
    this.#worker = onWorker(taskQueue);
    this.#say(`on worker ${worker}`);
  }

  /** A canceled execution cancels the run; the hosting worker hears of it from the journal. */
  async onCancel(): Promise<void> {
    await CancellationScope.nonCancellable(() => this.#journal.requestCancel({ runId: this.#input.runId }));
    this.#wakes++;
  }

  async run(): Promise<void> {
    // Made here, inside what a canceled execution does not reach: the session's end lets go of the worker, nothing else.
    this.#hostScope = new CancellationScope({ cancellable: true });
    void this.#hostScope
      .run(() => this.#host())
      .then((kind): Hosting => ({ kind }))
      .catch((error: unknown): Hosting => ({ kind: 'LOST', error }))
      .then((hosting) => {
        this.#hosting = hosting;
        this.#loseWorker(new WorkerLost());
      });
    const worker = (await this.#isHosted()) ? this.#worker : null;
    if (!worker) return;
    try {
      const end = await this.#work(worker);
      this.#say(`ended: ${end.outcome}`);
      await this.#journal.endSession({ ...this.#ids(), end });
      await this.#orLost(worker.releaseSession(this.#ids()));
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      this.#say('its worker was lost');
      // Tells a worker that is alive after all to stop the agent and to give up the lease that loseSession waits for.
      this.#hostScope?.cancel();
      await this.#journal.loseSession(this.#ids());
    }
  }

  #host(): Promise<'RELEASED' | 'OVER'> {
    const { taskQueue, startDeadlineMs, ordinal } = this.#input;
    const { workflowId } = workflowInfo();
    return host(taskQueue, startDeadlineMs, `holds session ${ordinal}`).hostSession({ ...this.#input, workflowId });
  }

  /**
   * Whether a worker took the session, before it ended. The worker's activities are kept as a field: a promise that
   * resolved with them would ask them for `then`, and get an activity of that name.
   */
  async #isHosted(): Promise<boolean> {
    for (let seen = 0; ; seen = this.#wakes) {
      await condition(() => this.#worker !== null || this.#hosting !== null || this.#wakes > seen);
      if (this.#worker) return true;
      if (this.#hosting) {
        await this.#endUnhosted(this.#hosting);
        return false;
      }
      if (await this.#journal.isSessionOver(this.#ids())) {
        this.#hostScope?.cancel();
        return false;
      }
    }
  }

  async #endUnhosted(hosting: Hosting): Promise<void> {
    if (hosting.kind !== 'LOST') return;
    const cause = hosting.error instanceof ActivityFailure ? hosting.error.cause : null;
    if (cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START') {
      const { epoch, startDeadlineMs } = this.#input;
      await this.#journal.noteNoWorker({ ...this.#ids(), epoch, waitedMs: startDeadlineMs });
      await this.#journal.endSession({ ...this.#ids(), end: { outcome: 'FAILED', started: false } });
    } else {
      await this.#journal.loseSession(this.#ids());
    }
  }

  async #work(worker: SessionActivities): Promise<SessionEnd> {
    this.#say('opening the workspace');
    const { opened } = await this.#orLost(worker.openSession(this.#ids()));
    if (!opened) return { outcome: 'FAILED', started: false };
    const failed = await this.#turns(worker);
    this.#say('capturing the workspace');
    await this.#orLost(worker.captureFinal(this.#ids()));
    return { outcome: failed ? 'FAILED' : 'SUCCEEDED', started: true };
  }

  /** Turn after turn, until the session closes. True when the last one failed. */
  async #turns(worker: SessionActivities): Promise<boolean> {
    for (;;) {
      const seen = this.#wakes;
      this.#say('working');
      const step = await this.#orLost(worker.runTurn(this.#ids()));
      const failed = step.kind === 'TURN' && step.failed;
      if (step.kind === 'CLOSE' || failed || (step.kind === 'TURN' && this.#input.idleMs === 0)) {
        if (await this.#close(step.kind === 'CLOSE' || failed)) return failed;
      }
      if (step.kind === 'TURN') {
        await this.#orLost(worker.checkpoint(this.#ids()));
      } else if (step.kind === 'IDLE') {
        this.#say('idle, waiting for a message');
        const woken = await condition(() => this.#wakes > seen || this.#hosting !== null, Math.max(this.#input.idleMs, 1));
        if (this.#hosting) throw new WorkerLost();
        if (!woken && (await this.#close(false))) return false;
      }
    }
  }

  async #close(must: boolean): Promise<boolean> {
    return (await this.#journal.beginClose({ ...this.#ids(), epoch: this.#input.epoch, must })).closing;
  }

  /** An activity on the session's worker, unless that worker is lost first. */
  async #orLost<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#lost]);
    } catch (error) {
      throw error instanceof ActivityFailure ? new WorkerLost() : error;
    }
  }

  #ids() {
    return { runId: this.#input.runId, sessionId: this.#input.sessionId };
  }

  #say(what: string): void {
    this.at = what;
    setCurrentDetails(`Session ${this.#input.ordinal}: ${what}`);
  }
}
