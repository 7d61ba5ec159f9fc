import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { createToken, removeSettings, testSettings, type TestSettings } from './support/gateway.ts';
import { createWorld, openTestJournal, type World } from './support/journal.ts';
import { startPart, type Part } from './support/part.ts';
import { createRepository } from './support/repository.ts';
import { waitFor } from './support/waitFor.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service: string;
}

/** What an OTLP/HTTP receiver was sent. */
const spans: Span[] = [];
interface Sent {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: Omit<Span, 'service'>[] }[];
  }[];
}
const receiver = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    for (const { resource, scopeSpans } of (JSON.parse(Buffer.concat(parts).toString()) as Sent).resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      for (const scope of scopeSpans) for (const span of scope.spans) spans.push({ ...span, service });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});

let database: TestDatabase;
let settings: TestSettings;
let world: World;
let token: string;
let endpoint: string;
let repository: string;
const parts: Part[] = [];
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  database = await createTestDatabase();
  settings = await testSettings(database.url);
  world = await createWorld(openTestJournal(database.url));
  token = await createToken(world.journal, world.userId);
  repository = createRepository(path.join(settings.directory, 'repository'));
});
afterAll(async () => {
  await Promise.all(parts.map((part) => part.kill('SIGTERM')));
  await world.journal.close();
  await removeSettings(settings);
  await database.drop();
  receiver.close();
});

const start = async (kind: 'gateway' | 'worker', more: Record<string, string>): Promise<Part> => {
  const part = await startPart(kind, settings, more);
  parts.push(part);
  return part;
};
const mutate = async (
  url: string,
  name: string,
  input: object,
  fields: string,
  headers: Record<string, string> = {},
): Promise<string> => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { ... on ${type}Payload { ${fields} { id } } } }`;
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data } = (await response.json()) as { data: Record<string, Record<string, { id: string }>> };
  return data[name]?.[fields]?.id ?? '';
};
const untilEnded = (runId: string, sessions: number) =>
  waitFor(
    'the run to end',
    async () => {
      const { rows } = await world.journal.pool.query<{ state: string; sessions: number }>(
        'SELECT r.state, (SELECT count(*)::int FROM "Session" WHERE "runId" = r.id) AS sessions FROM "Run" r WHERE id = $1',
        [runId],
      );
      return rows[0]?.state === 'SUCCEEDED' && rows[0].sessions === sessions;
    },
    60_000,
  );

const traceId = '0af7651916cd43dd8448eb211c80319c';

test('one trace holds mutation, signal, workflows, activities and turn, and outlives the gateway that it began at', async () => {
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  // Its signal cannot get through and it is gone before it could try again: what reaches Temporal comes from the log.
  const cutOff = await start('gateway', { ...traced, TEMPORAL_ADDRESS: '127.0.0.1:9' });
  const environment = { clientKey: 'e', name: 'traced', repositories: [{ url: repository }] };
  const environmentId = await mutate(cutOff.url, 'createEnvironment', environment, 'environment');
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const runId = await mutate(cutOff.url, 'createRun', { clientKey: 'k', environmentId, text: 'echo hi' }, 'run', headers);
  expect(await cutOff.kill('SIGTERM')).toBe(0);
  await Promise.all([start('gateway', traced), start('worker', traced)]);
  await untilEnded(runId, 1);

  const inTrace = (name: string) => spans.find((span) => span.name === name && span.traceId === traceId);
  const names = [
    'mutation createRun',
    'SignalWithStartWorkflow:run',
    'RunWorkflow:run',
    'StartChildWorkflow:session',
    'RunWorkflow:session',
    'StartActivity:runTurn',
    'RunActivity:runTurn',
    'turn',
  ];
  await waitFor('the spans to be sent', () => names.every((name) => inTrace(name)), 15_000).catch(() => {});
  expect(names.filter((name) => !inTrace(name))).toEqual([]);
  expect(inTrace('mutation createRun')).toMatchObject({ service: 'baton-gateway', parentSpanId: 'b7ad6b7169203331' });
  expect(inTrace('turn')).toMatchObject({ service: 'baton-worker', parentSpanId: inTrace('mutation createRun')?.spanId });
  expect(JSON.stringify(spans)).not.toContain('echo hi');

  // A run that a gateway without traces began runs as ever, and a follow-up's turn belongs to what sent it.
  const untraced = await start('gateway', {});
  const plain = await mutate(untraced.url, 'createRun', { clientKey: 'p', environmentId, text: 'echo one' }, 'run');
  await untilEnded(plain, 1);
  await mutate(parts[1]?.url ?? '', 'sendFollowUp', { clientKey: 'f', runId: plain, text: 'echo two' }, 'run');
  await untilEnded(plain, 2);
  const mutation = await waitFor('the mutation', () => spans.find(({ name }) => name === 'mutation sendFollowUp'));
  await waitFor('its turn', () => spans.find(({ name, parentSpanId }) => name === 'turn' && parentSpanId === mutation.spanId));
}, 180_000);
