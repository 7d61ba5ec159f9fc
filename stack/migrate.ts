import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { withClient } from './postgres/connect.ts';
import { Problem } from './problem.ts';
import { projectRoot } from './projectRoot.ts';

/** Prisma Migrate's own advisory lock: schema-engine's `MIGRATION_ADVISORY_LOCK_ID`. */
const advisoryLock = 72_707_369;
const lockTimeoutMs = 60_000;

/** Prisma Migrate's own table, as the schema engine makes it. */
const table = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface AppliedMigration {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
  readonly logs: string | null;
}

export interface MigrateResult {
  /** Names of those that were applied now, in order. */
  readonly applied: readonly string[];
  readonly total: number;
  /** Names of those whose files were changed after they had been applied. */
  readonly changed: readonly string[];
}

/**
 * Applies the migrations that a database lacks, as `prisma migrate deploy` would and so that it accepts the result, over
 * `pg` alone: no schema engine, a tenth of a second. Two that migrate at once wait for each other.
 * Throws a Problem when one fails, failed before, or when the database is newer than the code.
 */
export async function migrate(
  url: string,
  directory: string = join(projectRoot, 'prisma', 'migrations'),
): Promise<MigrateResult> {
  const migrations = await readMigrations(directory);
  return withClient(url, async (client) => {
    await lock(client);
    await client.query(table);
    const { rows } = await client.query<AppliedMigration>(
      'SELECT migration_name, checksum, finished_at, logs FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at',
    );
    refuseBadHistory(rows, migrations);
    const known = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    const missing = migrations.filter(({ name }) => !known.has(name));
    for (const migration of missing) await apply(client, migration);
    return {
      applied: missing.map(({ name }) => name),
      total: migrations.length,
      changed: migrations.filter(({ name, checksum }) => (known.get(name) ?? checksum) !== checksum).map(({ name }) => name),
    };
  });
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** The lock is the session's: it ends with the connection. */
async function lock(client: pg.Client): Promise<void> {
  await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [advisoryLock]);
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    throw new Problem(
      `Another process has been migrating this database for over ${lockTimeoutMs / 1_000} s.\nWait for it to end, and start again.`,
      { cause: error },
    );
  }
  await client.query('RESET lock_timeout');
}

function refuseBadHistory(rows: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  const failed = rows.find((row) => row.finished_at === null);
  if (failed) {
    throw new Problem(
      `The migration ${failed.migration_name} failed earlier: ${failed.logs?.trim() || 'it was interrupted'}\n` +
        `Put the database right, then say so: npx prisma migrate resolve --rolled-back ${failed.migration_name}`,
    );
  }
  const unknown = rows.find((row) => !migrations.some(({ name }) => name === row.migration_name));
  if (unknown) {
    throw new Problem(
      `The database was migrated by a newer Baton: this one does not know ${unknown.migration_name}.\n` +
        'Use that one, or another state directory: BATON_HOME=/another/directory npm start',
    );
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  await client.query('INSERT INTO "_prisma_migrations" (id, checksum, migration_name) VALUES ($1, $2, $3)', [id, checksum, name]);
  try {
    await client.query(sql);
  } catch (error) {
    const reason = (error as Error).message;
    // A script that began a transaction of its own is still in it.
    await client.query('ROLLBACK');
    await client.query('UPDATE "_prisma_migrations" SET logs = $2 WHERE id = $1', [id, reason]);
    throw new Problem(
      `The migration ${name} failed: ${reason}\nPut the database right, then say so: npx prisma migrate resolve --rolled-back ${name}`,
      { cause: error },
    );
  }
  await client.query('UPDATE "_prisma_migrations" SET finished_at = now(), applied_steps_count = 1 WHERE id = $1', [id]);
}
