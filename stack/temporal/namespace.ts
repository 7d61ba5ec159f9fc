import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';

/** How long a closed execution is kept: 30 days, as in the local system. */
const retentionSeconds = 30 * 24 * 3_600;
/** The servers of a cluster hear of a new namespace within ten seconds or so, in milliseconds. */
const heardWithinMs = 30_000;
const notFound = 5;
const alreadyExists = 6;

/** Makes the namespace where it is missing. Gives whether it was. */
export async function ensureNamespace(connection: Connection, namespace: string): Promise<boolean> {
  const find = () => connection.workflowService.describeNamespace({ namespace });
  if (await isThere(find)) return false;
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: retentionSeconds as never },
    });
  } catch (error) {
    if ((error as { code?: number }).code !== alreadyExists) throw error;
  }
  const until = Date.now() + heardWithinMs;
  const use = () => connection.operatorService.listSearchAttributes({ namespace });
  while (!(await isThere(use)) && Date.now() < until) await delay(500);
  return true;
}

async function isThere(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === notFound) return false;
    throw error;
  }
}
