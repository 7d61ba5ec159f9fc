import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gateway } from '../server/gateway.ts';
import { schema } from '../server/schema/schema.ts';
import { projectRoot } from '../stack/projectRoot.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { createToken, removeSettings, startTestGateway, testSettings, type TestSettings } from './support/gateway.ts';
import { createWorld, openTestJournal, type World } from './support/journal.ts';

const text = readFileSync(path.join(projectRoot, 'docs/people.md'), 'utf8');
let database: TestDatabase;
let settings: TestSettings;
let gateway: Gateway;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
  settings = await testSettings(database.url);
  gateway = await startTestGateway(settings);
  world = await createWorld(openTestJournal(database.url));
});
afterAll(async () => {
  await gateway?.stop();
  await world?.journal.close();
  await removeSettings(settings);
  await database.drop();
});

test('the command of docs/people.md creates a run', async () => {
  const command = /```sh\n(curl [^]*?)```/.exec(text)?.[1] ?? '';
  const { stdout } = await promisify(execFile)('bash', ['-c', command], {
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      BATON_URL: gateway.url,
      BATON_TOKEN: await createToken(world.journal, world.userId, ['RUNS']),
      ENVIRONMENT: world.environmentId,
    },
  });
  expect(JSON.parse(stdout)).toMatchObject({ data: { createRun: { __typename: 'CreateRunPayload', run: { state: 'QUEUED' } } } });
});

test('docs/people.md names every mutation with the scope that it takes', () => {
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
  const wrong = mutations.filter(({ name, extensions }) => {
    const { scope } = (extensions['pothosOptions'] as { authScopes: { scope: string } }).authScopes;
    return !new RegExp(`^\\| \`${scope}\` \\|.*\`${name}\``, 'm').test(text);
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});
