import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { runWorkflowId, sessionWorkflowId, type RunId } from '../../domain/ids.ts';
import type { TestSystem } from './system.ts';

/** All that the database has, and Temporal of a run and its sessions, as text: for what must be nowhere. */
export async function everythingOf({ world: { journal } }: TestSystem, runId: string, sessions = 1): Promise<string> {
  const tables = await journal.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const rows = await Promise.all(
    tables.rows.map(({ name }) => journal.pool.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`)),
  );
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const client = new Client({ connection });
    const ordinals = Array.from({ length: sessions }, (_, n) => n + 1);
    const ids = [runWorkflowId(runId as RunId), ...ordinals.map((ordinal) => sessionWorkflowId(runId as RunId, ordinal))];
    const histories = await Promise.all(ids.map((id) => client.workflow.getHandle(id).fetchHistory()));
    const payloads = histories.map((history) => JSON.stringify(history, asText));
    return [...rows.flatMap((result) => result.rows.map(({ row }) => row)), ...payloads].join('\n');
  } finally {
    await connection.close();
  }
}

/** Payloads are bytes, which JSON has as numbers. */
function asText(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data as number[]).toString('utf8') : value;
}
