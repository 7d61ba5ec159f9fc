import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { machine } from '../config/machine.ts';
import { prisma } from './migrations/prismaCli.ts';
import { createEmptyDatabase, createTestDatabase } from '../test/support/database.ts';
import { temporaryDirectory } from '../test/support/temporaryDirectory.ts';
import { migrate } from './migrate.ts';
import { withClient } from './postgres/connect.ts';

const { environment } = machine();
const query = (url: string, sql: string) =>
  withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);

/** A directory of migrations, by name. */
async function migrations(scripts: Readonly<Record<string, string>>) {
  const directory = await temporaryDirectory();
  const write = (more: Readonly<Record<string, string>>) => {
    for (const [name, sql] of Object.entries(more)) {
      mkdirSync(join(directory.path, name), { recursive: true });
      writeFileSync(join(directory.path, name, 'migration.sql'), sql);
    }
  };
  write(scripts);
  return { ...directory, write };
}

test('Prisma finds nothing to do after our migrations, and no drift', async () => {
  await using database = await createEmptyDatabase();
  const { applied, total, changed } = await migrate(database.url);
  expect(applied).toHaveLength(total);
  expect(changed).toEqual([]);
  expect(await prisma(database.url, environment, 'migrate', 'status')).toMatchObject({
    code: 0,
    output: expect.stringContaining('Database schema is up to date!'),
  });
  expect(await prisma(database.url, environment, 'migrate', 'deploy')).toMatchObject({
    code: 0,
    output: expect.stringContaining('No pending migrations to apply'),
  });
  const diff = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema.prisma', '--exit-code'];
  expect(await prisma(database.url, environment, ...diff)).toMatchObject({ code: 0 });
});

test('we find nothing to do after those of Prisma, and the records are the same', async () => {
  await using byPrisma = await createEmptyDatabase();
  await using byUs = await createTestDatabase();
  expect(await prisma(byPrisma.url, environment, 'migrate', 'deploy')).toMatchObject({ code: 0 });
  expect(await migrate(byPrisma.url)).toMatchObject({ applied: [], changed: [] });
  const records = `SELECT migration_name, checksum, applied_steps_count, logs, rolled_back_at FROM "_prisma_migrations" ORDER BY 1`;
  expect(await query(byUs.url, records)).toEqual(await query(byPrisma.url, records));
  const columns = `SELECT column_name, data_type, character_maximum_length, is_nullable FROM information_schema.columns
    WHERE table_name = '_prisma_migrations' ORDER BY 1`;
  expect(await query(byUs.url, columns)).toEqual(await query(byPrisma.url, columns));
});

test('migrations are applied in the order of their names, each once', async () => {
  await using database = await createEmptyDatabase();
  await using directory = await migrations({ '2_fill': 'INSERT INTO t VALUES (1)', '1_make': 'CREATE TABLE t (n int)' });
  expect((await migrate(database.url, directory.path)).applied).toEqual(['1_make', '2_fill']);
  directory.write({ '3_more': 'INSERT INTO t VALUES (2)' });
  expect(await migrate(database.url, directory.path)).toEqual({ applied: ['3_more'], total: 3, changed: [] });
  expect(await query(database.url, 'SELECT n FROM t ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
});

test('two that migrate at once apply each migration once', async () => {
  await using database = await createEmptyDatabase();
  await using directory = await migrations({ '1_slow': 'SELECT pg_sleep(0.2); CREATE TABLE t (n int)' });
  const results = await Promise.all([migrate(database.url, directory.path), migrate(database.url, directory.path)]);
  expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 1]);
});

test('a migration that fails changes nothing, says why and what to type, and is not tried again by itself', async () => {
  await using database = await createEmptyDatabase();
  await using directory = await migrations({ '1_make': 'CREATE TABLE t (n int); SELECT no_such_column FROM t' });
  const failure =
    /The migration 1_make failed: column "no_such_column" does not exist\n.*prisma migrate resolve --rolled-back 1_make/;
  await expect(migrate(database.url, directory.path)).rejects.toThrow(failure);
  expect(await query(database.url, `SELECT to_regclass('t') AS t`)).toEqual([{ t: null }]);
  await expect(migrate(database.url, directory.path)).rejects.toThrow(
    /The migration 1_make failed earlier: column "no_such_column"/,
  );
});

test('once resolved as rolled back, the corrected migration is applied', async () => {
  await using database = await createEmptyDatabase();
  await using directory = await migrations({ '1_make': 'SELECT no_such_column' });
  await expect(migrate(database.url, directory.path)).rejects.toThrow('The migration 1_make failed');
  await query(database.url, 'UPDATE "_prisma_migrations" SET rolled_back_at = now()');
  directory.write({ '1_make': 'CREATE TABLE t (n int)' });
  expect((await migrate(database.url, directory.path)).applied).toEqual(['1_make']);
});

test('a database that a newer version has migrated is refused', async () => {
  await using database = await createEmptyDatabase();
  await using newer = await migrations({ '1_make': 'CREATE TABLE t (n int)', '2_new': 'SELECT 1' });
  await using older = await migrations({ '1_make': 'CREATE TABLE t (n int)' });
  await migrate(database.url, newer.path);
  await expect(migrate(database.url, older.path)).rejects.toThrow(/migrated by a newer Baton: this one does not know 2_new/);
});

test('a migration that was changed after it had been applied is named', async () => {
  await using database = await createEmptyDatabase();
  await using directory = await migrations({ '1_make': 'CREATE TABLE t (n int)' });
  await migrate(database.url, directory.path);
  directory.write({ '1_make': 'CREATE TABLE t (n bigint)' });
  expect(await migrate(database.url, directory.path)).toEqual({ applied: [], total: 1, changed: ['1_make'] });
});
