import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { gatewayConfig } from '../config/gateway.ts';
import { workerConfig } from '../config/worker.ts';
import { projectRoot } from '../stack/projectRoot.ts';
import { findBubblewrap } from './support/bubblewrap.ts';
import { createEmptyDatabase, type TestDatabase } from './support/database.ts';
import { parseComposeFile, type ComposeFile } from './support/dockerCompose.ts';
import { client, createToken } from './support/gateway.ts';
import { createWorld, openTestJournal, type World } from './support/journal.ts';
import { startPart, type Part } from './support/part.ts';
import { createRepository } from './support/repository.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/temporaryDirectory.ts';
import { startS3, type TestS3 } from './support/versitygw.ts';
import { waitFor } from './support/waitFor.ts';

const run = promisify(execFile);
const variables = {
  BATON_PUBLIC_URL: 'http://baton.example:8080',
  BATON_MASTER_KEY: randomBytes(32).toString('base64'),
  POSTGRES_PASSWORD: 'p1',
  TEMPORAL_POSTGRES_PASSWORD: 'p2',
  S3_ACCESS_KEY: 'baton',
  S3_SECRET_KEY: 'a secret of the tests',
};
let file: ComposeFile;
beforeAll(async () => {
  file = await parseComposeFile(variables);
}, 120_000);
const environmentOf = (service: string) => file.services[service]?.environment ?? {};
const oneShot = new Set(['prepare', 'temporal-schema']);

describe('docker-compose.yml', () => {
  test('names what has to be filled in, and .env.example has it', async () => {
    await expect(parseComposeFile({})).rejects.toThrow('.env.example');
    const example = readFileSync(path.join(projectRoot, '.env.example'), 'utf8');
    for (const name of Object.keys(variables)) expect(example).toContain(`${name}=`);
  });

  test('has two gateways behind a proxy, two workers, PostgreSQL, Temporal with a database of its own, and S3', () => {
    expect(Object.keys(file.services).sort()).toEqual(
      [
        ...['gateway-1', 'gateway-2', 'postgres', 'prepare', 'proxy', 's3', 'temporal', 'temporal-postgres'],
        ...['temporal-schema', 'temporal-ui', 'worker-1', 'worker-2'],
      ].sort(),
    );
    expect(environmentOf('proxy')['BATON_GATEWAYS']).toBe('gateway-1:4600 gateway-2:4600');
  });

  test('has a health check for each service that stays, none for those that end, and each part waits for what it needs', () => {
    for (const [name, { healthcheck, restart }] of Object.entries(file.services)) {
      expect([name, healthcheck !== undefined]).toEqual([name, !oneShot.has(name)]);
      expect([name, restart]).toEqual([name, oneShot.has(name) ? 'on-failure' : 'unless-stopped']);
    }
    for (const name of ['gateway-1', 'gateway-2', 'worker-1', 'worker-2']) {
      expect(file.services[name]?.depends_on).toMatchObject({ prepare: { condition: 'service_completed_successfully' } });
    }
  });

  test('keeps all state in volumes, one for each', () => {
    const named = Object.values(file.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const used = named.filter((name) => !name.startsWith('/'));
    expect([...new Set(used)].sort()).toEqual(Object.keys(file.volumes).sort());
    expect(used).toHaveLength(new Set(used).size);
    for (const mounted of named.filter((name) => name.startsWith('/'))) expect(existsSync(mounted)).toBe(true);
  });

  test('sets only what the processes read, and all that they must have', () => {
    const image = { BATON_WEB_ROOT: '/w', BATON_WORKER_HOME: '/h' };
    const gateway = gatewayConfig({ ...image, ...environmentOf('gateway-1') });
    expect(gateway).toMatchObject({ PORT: 4600, BATON_BLOBS: 's3://baton/blobs?endpoint=http://s3:7070' });
    const worker = workerConfig({ ...image, ...environmentOf('worker-2') });
    expect(worker).toMatchObject({ BATON_WORKER_NAME: 'worker-2', BATON_SANDBOX: 'bubblewrap' });
    const known = new Set([...Object.keys(gateway), ...Object.keys(worker), 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    const set = ['gateway-1', 'worker-1', 'prepare'].flatMap((name) => Object.entries(environmentOf(name)));
    expect(set.filter(([name, value]) => value !== '' && !known.has(name)).map(([name]) => name)).toEqual([]);
    expect(environmentOf('gateway-1')).toEqual(environmentOf('gateway-2'));
  });

  test('gives a worker longer to stop than it takes', () => {
    const seconds = Number(environmentOf('worker-1')['BATON_WORKER_DRAIN_SECONDS']);
    const grace = Number(/^(\d+)s$/.exec(file.services['worker-1']?.stop_grace_period ?? '')?.[1]);
    expect(grace).toBeGreaterThanOrEqual(seconds + 70);
  });

  test('runs programs that the build makes, in an image that has what they need', () => {
    const steps = readFileSync(path.join(projectRoot, 'stack/build/steps.mjs'), 'utf8');
    const commands = ['gateway-1', 'worker-1', 'prepare'].map((name) => file.services[name]?.command ?? []);
    for (const [program, script] of commands) {
      expect(program).toBe('node');
      expect(steps).toContain(`output: '${script}'`);
    }
    const dockerfile = readFileSync(path.join(projectRoot, 'Dockerfile'), 'utf8');
    for (const needed of ['bubblewrap', 'git', 'USER baton', '/baton/prisma', 'npm ci']) expect(dockerfile).toContain(needed);
  });
});

describe('the processes of docker-compose.yml, with their variables', () => {
  let database: TestDatabase;
  let directory: TemporaryDirectory;
  let s3: TestS3;
  let world: World;
  const parts: Part[] = [];
  const taskQueue = `compose-${randomBytes(6).toString('hex')}`;
  const freePort = 20_000 + Math.floor(Math.random() * 10_000);

  /** The service's variables; only addresses, and places on the disk, are others. */
  const settingsOf = (service: string, port: number) => {
    const here: Record<string, string> = {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      BATON_BLOBS: (environmentOf(service)['BATON_BLOBS'] ?? '').replace('http://s3:7070', s3.endpoint),
      HOST: '127.0.0.1',
      PORT: String(port),
      BATON_PUBLIC_URL: `http://127.0.0.1:${port}`,
      BATON_INTERNAL_HOST: '127.0.0.1',
      BATON_GATEWAY_INTERNAL_PORT: '0',
      BATON_WORKER_INTERNAL_PORT: '0',
      BATON_TEMPORAL_METRICS_PORT: String(port),
      BATON_WORKER_HOME: path.join(directory.path, service),
    };
    const given = Object.entries(environmentOf(service)).map(([name, value]) => [name, here[name] ?? value]);
    const local = {
      BATON_WEB_ROOT: path.join(projectRoot, 'dist/web'),
      // The server of Temporal is shared with other tests, and the repository is on this disk.
      BATON_TASK_QUEUE: taskQueue,
      BATON_ALLOW_LOCAL_REPOSITORIES: 'true',
    };
    return { directory: directory.path, environment: { ...(Object.fromEntries(given) as Record<string, string>), ...local } };
  };
  const prepare = () => {
    const [, script = ''] = file.services['prepare']?.command ?? [];
    const { environment } = settingsOf('prepare', 0);
    return run(process.execPath, [path.join(projectRoot, script)], { env: { PATH: process.env['PATH'], ...environment } });
  };

  beforeAll(async () => {
    await findBubblewrap();
    directory = await temporaryDirectory();
    database = await createEmptyDatabase();
    s3 = await startS3(path.join(directory.path, 's3'));
  }, 900_000);
  afterAll(async () => {
    await Promise.all(parts.map((part) => part.kill()));
    await world?.journal.close();
    await s3.stop();
    await database.drop();
    await directory.remove();
  });

  test('are prepared, twice without harm, carry a run and its follow-up through at both gateways, and say that they are ready', async () => {
    expect((await prepare()).stdout).toContain('the blob store is there');
    await prepare();
    world = await createWorld(openTestJournal(database.url));
    const token = await createToken(world.journal, world.userId);
    const started = await Promise.all([
      startPart('gateway', settingsOf('gateway-1', freePort)),
      startPart('gateway', settingsOf('gateway-2', freePort + 1)),
      startPart('worker', settingsOf('worker-1', freePort + 2)),
      startPart('worker', settingsOf('worker-2', freePort + 3)),
    ]);
    parts.push(...started);
    const [one, two] = started.map(({ url }) => client(url, token));
    if (!one || !two) throw new Error('no gateways');
    for (const { url } of started.slice(0, 2)) expect((await fetch(`${url}/readyz`)).status).toBe(200);
    for (const port of [freePort + 2, freePort + 3]) {
      expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('temporal_');
    }
    const repository = createRepository(path.join(directory.path, 'repository'));
    const environment = await one(
      'mutation ($input: CreateEnvironmentInput!) { createEnvironment(input: $input) { ... on CreateEnvironmentPayload { environment { id } } } }',
      { input: { clientKey: 'e', name: 'sample', repositories: [{ url: repository }] } },
    );
    const environmentId = environment.data.createEnvironment.environment.id;
    const created = await one(
      'mutation ($input: CreateRunInput!) { createRun(input: $input) { ... on CreateRunPayload { run { id } } } }',
      { input: { clientKey: 'r', environmentId, text: 'echo kept > file' } },
    );
    const runId = created.data.createRun.run.id;
    const untilSucceeded = (sessions: number) =>
      waitFor(
        'the run to succeed',
        async () => {
          const { data } = await two(
            'query ($id: ID!) { run(id: $id) { state failure { code message } sessions { ordinal outcome } } }',
            { id: runId },
          );
          if (data.run.state === 'FAILED') throw new Error(JSON.stringify(data.run));
          return data.run.state === 'SUCCEEDED' && data.run.sessions.length === sessions;
        },
        60_000,
      );
    await untilSucceeded(1);
    const sent = await two(
      'mutation ($input: SendFollowUpInput!) { sendFollowUp(input: $input) { __typename ... on Error { message } } }',
      { input: { clientKey: 'f', runId, text: 'grep kept file' } },
    );
    expect(sent.data.sendFollowUp.__typename).toBe('SendFollowUpPayload');
    await untilSucceeded(2);
    expect(existsSync(path.join(directory.path, 's3/baton/blobs', world.teamId))).toBe(true);
    expect(await Promise.all(started.map((part) => part.kill('SIGTERM')))).toEqual([0, 0, 0, 0]);
  }, 180_000);
});
