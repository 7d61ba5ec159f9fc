import { Client, Connection, isGrpcServiceError, WorkflowNotFoundError, type ConnectionOptions } from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client/index.js';
import type { Logger } from 'pino';
import { runWorkflowId, sessionWorkflowId, type RunId } from '../../domain/ids.ts';
import type { TendedRun } from '../../journal/executions.ts';
import type { Journal } from '../../journal/journal.ts';
import { executionOf, runWaiting } from '../../journal/steps.ts';
import { answerMs } from '../../telemetry/readiness.ts';
import { isOpenStatus, runWorkflowType, wake, type RunInput } from '../../workflows/contract.ts';

export interface WakerOptions {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Whether traces go on in the workflows. */
  readonly traced?: boolean;
  readonly connection?: Partial<ConnectionOptions>;
}

/** How long a signal may take before the run is said to wait for Temporal. */
const deadlineMs = 5_000;
/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const notFound = 5;

/**
 * Tells Temporal that there is work: Signal-With-Start on the run's workflow, after the commit. It carries nothing and
 * may be repeated. When Temporal is away the run says that it waits for it, and the sweeper tries again.
 */
export class Waker {
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #journal: Journal;
  readonly #log: Logger;
  readonly #calls = new Set<Promise<unknown>>();

  constructor(journal: Journal, log: Logger, { address, namespace, taskQueue, traced = false, connection }: WakerOptions) {
    this.#connection = Connection.lazy({ address, connectTimeout: deadlineMs, ...connection });
    this.#client = new Client({
      connection: this.#connection,
      namespace,
      interceptors: { workflow: traced ? [new OpenTelemetryWorkflowClientInterceptor()] : [] },
    });
    this.#taskQueue = taskQueue;
    this.#journal = journal;
    this.#log = log;
  }

  /** Wakes the run's workflow, starting it when none is open. Resolves when it was tried; never rejects. */
  async wake(runId: RunId): Promise<boolean> {
    const args: [RunInput] = [{ runId, taskQueue: this.#taskQueue }];
    try {
      await this.#withDeadline(() =>
        this.#client.workflow.signalWithStart(runWorkflowType, {
          workflowId: runWorkflowId(runId),
          taskQueue: this.#taskQueue,
          args,
          signal: wake,
          signalArgs: [],
          staticSummary: `Run ${runId}`,
        }),
      );
    } catch (error) {
      this.#log.warn({ err: error, runId }, 'Temporal could not be told of work; it will be tried again');
      await this.#noteWait(runId, 'TEMPORAL', 'Temporal does not answer; the run starts by itself when it does.');
      return false;
    }
    await this.#noteWait(runId, 'WORKER', null);
    return true;
  }

  /** Cancels the execution that has the run's work, so that Temporal shows it as canceled; a closed one is left as it is. */
  async cancel(runId: RunId): Promise<void> {
    try {
      const executionRunId = await executionOf(this.#journal, runId);
      if (executionRunId === null) return;
      await this.#withDeadline(() => this.#client.workflow.getHandle(runWorkflowId(runId), executionRunId).cancel());
    } catch (error) {
      // The run's log has the cancel and the session's worker reads it there; this is for Temporal's own books.
      this.#log.debug({ err: error, runId }, 'the execution could not be canceled');
    }
  }

  /**
   * Removes all executions of a run and its sessions, ending those that are open. Temporal's list, which has the older
   * ones too, may lag behind by seconds, so the newest are named as well. Gives how many were found; Temporal removes
   * them in the background. Rejects when it is away.
   */
  async forget({ runId, sessions }: { readonly runId: RunId; readonly sessions: number }): Promise<number> {
    let found = 0;
    const remove = async (workflowId: string, executionRunId: string): Promise<void> => {
      const namespace = this.#client.options.namespace;
      const workflowExecution = { workflowId, runId: executionRunId };
      if (await this.#isThere(() => this.#client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution })))
        found += 1;
    };
    const newest = Array.from({ length: sessions }, (_, n) => sessionWorkflowId(runId, n + 1));
    for (const workflowId of [runWorkflowId(runId), ...newest]) await remove(workflowId, '');
    const listed = this.#client.workflow.list({ query: `WorkflowId STARTS_WITH '${runWorkflowId(runId)}'` });
    for await (const execution of listed) await remove(execution.workflowId, execution.runId);
    return found;
  }

  async #isThere(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.#withDeadline(work);
      return true;
    } catch (error) {
      if (isGrpcServiceError(error) && error.code === notFound) return false;
      throw error;
    }
  }

  /** Rejects when Temporal, or the namespace in it, cannot be reached. */
  async check(): Promise<void> {
    const { namespace } = this.#client.options;
    await this.#withDeadline(() => this.#connection.workflowService.describeNamespace({ namespace }), answerMs);
  }

  /** Whether an execution of the run, or of its live session, is open. Rejects when Temporal does not say. */
  async tends({ runId, ordinal }: TendedRun): Promise<boolean> {
    return (
      (await this.#isOpen(runWorkflowId(runId))) || (ordinal !== null && (await this.#isOpen(sessionWorkflowId(runId, ordinal))))
    );
  }

  /** Closes the connection once the calls that are under way have ended, within 5 s. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#calls);
    await this.#connection.close();
  }

  /** Asks for the latest execution: after a reset it is another one than the journal knows. */
  async #isOpen(workflowId: string): Promise<boolean> {
    try {
      const { status } = await this.#withDeadline(() => this.#client.workflow.getHandle(workflowId).describe());
      return isOpenStatus(status.name);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async #noteWait(runId: RunId, wait: 'TEMPORAL' | 'WORKER', detail: string | null): Promise<void> {
    try {
      await runWaiting(this.#journal, runId, wait, detail);
    } catch (error) {
      this.#log.warn({ err: error, runId }, 'what the run waits for could not be noted');
    }
  }

  /** Calls are counted until they have ended: one that tries again on a closed connection would end the process. */
  #withDeadline<T>(work: () => Promise<T>, withinMs = deadlineMs): Promise<T> {
    const call = this.#connection.withDeadline(Date.now() + withinMs, work);
    this.#calls.add(call);
    const forget = () => this.#calls.delete(call);
    call.then(forget, forget);
    return call;
  }
}
