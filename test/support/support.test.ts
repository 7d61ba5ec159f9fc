import { inject } from 'vitest';
import { afterAll, expect, test } from 'vitest';
import { withClient } from '../../stack/postgres/connect.ts';
import { connectTemporal } from '../../stack/temporal/connect.ts';
import { findBubblewrap } from './bubblewrap.ts';
import { findChromium } from './chromium.ts';
import { createEmptyDatabase, createTestDatabase } from './database.ts';

const database = await createTestDatabase();
afterAll(database.drop);

const tables = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    return rows.map(({ name }) => name);
  });

test('a test database has every table and no rows', async () => {
  expect(await tables(database.url)).toContain('Run');
  await withClient(database.url, async (client) => {
    expect((await client.query('SELECT * FROM "User"')).rowCount).toBe(0);
  });
});

test('an empty database has no table', async () => {
  await using empty = await createEmptyDatabase();
  expect(await tables(empty.url)).toEqual([]);
});

test('a database is gone after its drop, with whoever was connected', async () => {
  const dropped = await createTestDatabase();
  await withClient(dropped.url, async () => dropped.drop());
  await expect(withClient(dropped.url, async () => {})).rejects.toThrow(/does not exist/);
});

test('the Temporal of all tests answers', async () => {
  const connection = await connectTemporal(inject('temporalAddress'), 5_000);
  expect((await connection.workflowService.getSystemInfo({})).serverVersion).toMatch(/^1\./);
  await connection.close();
});

test('Chromium is found, and says its version', async () => {
  expect((await findChromium()).version).toMatch(/\d+\.\d+/);
});

test('bubblewrap is found, and says its version', async () => {
  expect((await findBubblewrap()).version).toMatch(/^bubblewrap \d/);
});
