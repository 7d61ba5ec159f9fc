import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A row of the log as it is, for COPY's text format. */
export interface CopiedRow {
  readonly runId: string;
  readonly seq: number;
  readonly payload: object;
  readonly key: string;
}

const statement = `COPY "Event" ("runId", seq, at, session, type, payload, key) FROM STDIN`;

/** Puts rows into the log's table in one transaction, as fast as PostgreSQL takes them: COPY, with nothing decided or counted. */
export async function copyRows(client: pg.Client, rows: readonly CopiedRow[]): Promise<void> {
  const copying = client.query(copyFrom(statement));
  const at = new Date().toISOString();
  copying.end(
    rows
      .map(
        ({ runId, seq, payload, key }) => `${runId}\t${seq}\t${at}\t1\titem.chunk\t${escape(JSON.stringify(payload))}\t${key}\n`,
      )
      .join(''),
  );
  await finished(copying);
}

/** https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS */
const escape = (text: string): string => text.replaceAll('\\', '\\\\');
