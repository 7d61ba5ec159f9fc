import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';

const pollMs = 25;
const checkMs = 2_000;

/**
 * Connects to a Temporal frontend and waits until it serves. Gives up after `withinMs`, or when `gaveUp` says why, and
 * throws with the last reason. The caller closes the connection.
 */
export async function connectTemporal(
  address: string,
  withinMs: number,
  { signal, gaveUp = () => null }: { signal?: AbortSignal | undefined; gaveUp?: () => string | null } = {},
): Promise<Connection> {
  // Loaded when needed: it takes a quarter of a second.
  const { Connection } = await import('@temporalio/client');
  const until = Date.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const reason = gaveUp();
    if (reason !== null) throw new Error(reason);
    const connection = Connection.lazy({ address });
    try {
      await connection.withDeadline(Math.min(Date.now() + checkMs, until), () =>
        connection.healthService.check({ service: frontend }),
      );
      return connection;
    } catch (error) {
      await connection.close();
      if (Date.now() > until)
        throw new Error((error as { details?: string }).details || (error as Error).message, { cause: error });
    }
    await delay(pollMs);
  }
}

const frontend = 'temporal.api.workflowservice.v1.WorkflowService';
