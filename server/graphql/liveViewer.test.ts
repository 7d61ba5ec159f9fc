import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createToken } from '../../test/support/gateway.ts';
import { createWorld, openTestJournal, type World } from '../../test/support/journal.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { authenticate, type Credential } from '../auth/authenticate.ts';
import { openDatabase, type Database } from '../database.ts';
import { LiveViewer } from './liveViewer.ts';

let testDatabase: TestDatabase;
let database: Database;
let world: World;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url);
  world = await createWorld(openTestJournal(testDatabase.url));
});
afterAll(async () => {
  await database.$disconnect();
  await world.journal.close();
  await testDatabase.drop();
});

async function live() {
  const credential: Credential = { kind: 'TOKEN', secret: await createToken(world.journal, world.userId) };
  const viewer = await authenticate(database, credential);
  if (!viewer) throw new Error('the token is not valid');
  const onEnded = vi.fn();
  return { viewer: new LiveViewer(database, credential, viewer, onEnded, 20), onEnded };
}

test('a connection ends when its token is revoked', async () => {
  const { viewer, onEnded } = await live();
  await world.journal.pool.query('UPDATE "ApiToken" SET "revokedAt" = now()');
  await waitFor('the end', () => onEnded.mock.calls.length > 0);
  viewer.stop();
});

test('a connection ends when the person is taken out of a team, and sees a new role without ending', async () => {
  const { viewer, onEnded } = await live();
  await world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN' WHERE "userId" = $1`, [world.userId]);
  await waitFor('the new role', () => viewer.current.roles.get(world.teamId) === 'ADMIN');
  expect(onEnded).not.toHaveBeenCalled();
  await world.journal.pool.query('DELETE FROM "Membership" WHERE "userId" = $1', [world.userId]);
  await waitFor('the end', () => onEnded.mock.calls.length > 0);
  viewer.stop();
});
