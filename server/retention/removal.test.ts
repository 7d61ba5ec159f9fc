import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAgentEvents, appendChunks, type TranscriptWriter } from '../../journal/append.ts';
import { limits } from '../../domain/limits.ts';
import type { RunId } from '../../domain/ids.ts';
import * as steps from '../../journal/steps.ts';
import { newId } from '../../journal/newId.ts';
import { client, createToken, type Client } from '../../test/support/gateway.ts';
import { createTestRun, createWorld, finishSession, takeSession, type World } from '../../test/support/journal.ts';
import { liveClient, transcriptSubscription } from '../../test/support/live.ts';
import { startTestSystem, type TestSystem } from '../../test/support/system.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import type { Gateway } from '../gateway.ts';

let system: TestSystem;
let gateway: Gateway;
let world: World;
let token: string;
let api: Client;
let colleaguesApi: Client;
let strangersToken: string;

beforeAll(async () => {
  system = await startTestSystem();
  ({ gateway, world, token, api } = system);
  const { journal } = world;
  const stranger = await createWorld(journal, 'Sam');
  strangersToken = await createToken(journal, stranger.userId);
  const colleague = newId('usr');
  await journal.pool.query(`INSERT INTO "User" (id, name) VALUES ($1, 'Kim')`, [colleague]);
  await journal.pool.query(`INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, 'MEMBER')`, [
    colleague,
    world.teamId,
  ]);
  colleaguesApi = client(gateway.url, await createToken(journal, colleague));
});
afterAll(() => system.stop());

const mutate = async (name: string, input: object, fields = '__typename', as = api) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await as(
    `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on Error { message code } ... on ${type}Payload { ${fields} } } }`,
    { input },
  );
  expect(errors).toBeUndefined();
  return data[name];
};
const download = (name: string, as = token, init: RequestInit = {}) =>
  fetch(`${gateway.url}/export/${name}`, { headers: { authorization: `Bearer ${as}` }, ...init });
const linesOf = async (runId: string) =>
  (await (await download(`${runId}.jsonl`)).text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

let items = 0;
/** What a command prints, as a whole item. */
async function print(writer: TranscriptWriter, title: string, ...texts: string[]): Promise<void> {
  const itemId = `item-${++items}`;
  const { journal } = world;
  await appendAgentEvents(journal, writer, [{ type: 'item.started', itemId, kind: 'COMMAND', title }], `${itemId}/a`);
  await appendChunks(
    journal,
    writer,
    texts.map((text) => ({ type: 'item.chunk', itemId, stream: 'STDOUT', text })),
    `${itemId}/b`,
  );
  await appendAgentEvents(
    journal,
    writer,
    [
      {
        type: 'item.ended',
        itemId,
        status: 'OK',
        exitCode: 0,
        signal: null,
        bytes: 9,
        sha256: 'abc',
        omittedBytes: 0,
        tookMs: 5,
      },
    ],
    `${itemId}/c`,
  );
}

/** A run that has ended, with a message and what a command printed. */
async function endedRun(text = 'print the password', ...printed: string[]): Promise<RunId> {
  const runId = await createTestRun(world, { text, title: text });
  const writer = await takeSession(world.journal, runId);
  await print(writer, 'cat secret.txt', ...(printed.length > 0 ? printed : ['hunter', '2\n']));
  await finishSession(world.journal, writer);
  return runId;
}
const seqOf = async (runId: string, type: string) => (await linesOf(runId)).find((line) => line.type === type).seq;
const everything = async (runId: string) => {
  const { rows } = await world.journal.pool.query(
    `SELECT (SELECT json_agg(e) FROM "Event" e WHERE "runId" = $1)::text || (SELECT row_to_json(r) FROM "Run" r WHERE id = $1)::text
       || (SELECT json_agg(m) FROM "Message" m WHERE "runId" = $1)::text AS text`,
    [runId],
  );
  return `${rows[0].text}${await (await download(`${runId}.jsonl`)).text()}${await (await download(`${runId}.md`)).text()}`;
};

describe('an export', () => {
  test('has every event of the log as a line, gapless, after one that names the run', async () => {
    const runId = await endedRun();
    const [head, ...events] = await linesOf(runId);
    expect(head).toMatchObject({
      format: 'baton-transcript',
      version: 1,
      run: { id: runId, state: 'SUCCEEDED', creator: { name: 'Mira' } },
    });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.filter(({ type }) => type === 'item.chunk').map(({ text }) => text)).toEqual(['hunter', '2\n']);
  });

  test('has a long message whole, and a log of several pages', async () => {
    const text = `echo ${'x'.repeat(100_000)}`;
    const runId = await endedRun(text.slice(0, 50) + text.slice(50), ...Array.from({ length: 1_200 }, (_, n) => `line ${n}\n`));
    const events = await linesOf(runId);
    expect(events.find(({ type }) => type === 'message.added').text).toBe(text);
    expect(events.filter(({ type }) => type === 'item.chunk')).toHaveLength(1_200);
    const shown = await (await download(`${runId}.md`)).text();
    expect(shown.match(/^ {4}line \d+$/gm)).toHaveLength(1_200);
  });

  test('reads as Markdown, in which nothing that was printed can pass for a heading', async () => {
    const runId = await endedRun('say hello', '# not a', ' heading\n```\n', '\u001B[31mred\u001B[0m\nno newline at the end');
    const response = await download(`${runId}.md`);
    expect(response.headers.get('content-type')).toContain('text/markdown');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${runId}.md"`);
    const text = await response.text();
    expect(text).toContain('# say hello\n');
    expect(text).toContain('> say hello');
    expect(text).toContain('    # not a heading\n    ```\n    red\n    no newline at the end\n\n*Ended with exit 0*');
  });

  test('does not exist for people of other teams, nor without a sign-in', async () => {
    const runId = await endedRun();
    for (const name of [`${runId}.jsonl`, `${runId}.md`, 'snp_01h455vb4pex5vsknk084sn02q.tar', 'x']) {
      const response = await download(name, strangersToken);
      expect(response.status, name).toBe(404);
      expect(await response.text()).not.toContain('hunter');
    }
    expect((await download(`${runId}.jsonl`, 'nobody')).status).toBe(401);
    expect(
      (await download(`${runId}.jsonl`, token, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(405);
  });

  test('is named in the API', async () => {
    const runId = await endedRun();
    const { data } = await api('query ($id: ID!) { run(id: $id) { exports { jsonl markdown } } }', { id: runId });
    expect(data.run.exports).toEqual({
      jsonl: `${gateway.url}/export/${runId}.jsonl`,
      markdown: `${gateway.url}/export/${runId}.md`,
    });
  });
});

describe('redacting', () => {
  test('takes all of an item away from log, rows and exports; its places in the log stay and say why', async () => {
    const runId = await endedRun();
    const before = await linesOf(runId);
    const seq = await seqOf(runId, 'item.chunk');
    expect(await mutate('redactEvent', { runId, seq, reason: 'a password' })).toMatchObject({ __typename: 'RedactEventPayload' });
    const after = await linesOf(runId);
    expect(after.slice(1).map((line) => line.seq)).toEqual(after.slice(1).map((_, index) => index + 1));
    expect(after).toHaveLength(before.length + 1);
    expect(after.at(-1)).toMatchObject({
      type: 'event.redacted',
      redactedSeq: seq,
      of: 'item.chunk',
      count: 4,
      reason: 'a password',
    });
    expect(await everything(runId)).not.toMatch(/hunter|secret\.txt|abc/);
    const { data } = await api(
      `query ($id: ID!) { run(id: $id) { transcript(first: 500) { edges { node { __typename seq redaction { reason actor { name } at } } } } } }`,
      { id: runId },
    );
    const shown = data.run.transcript.edges.map(({ node }: { node: object }) => node);
    expect(shown.filter((node: { redaction: object | null }) => node.redaction)).toHaveLength(3);
    expect(shown.find((node: { redaction: object | null }) => node.redaction)).toMatchObject({
      __typename: 'ItemStartedEvent',
      redaction: { reason: 'a password', actor: { name: 'Mira' } },
    });
  });

  test('takes a message away, and the title that was made of it', async () => {
    const runId = await endedRun('print the password');
    await mutate('redactEvent', { runId, seq: await seqOf(runId, 'message.added'), reason: 'a password' });
    expect((await everything(runId)).match(/print the password/g)).toBeNull();
    const { data } = await api('query ($id: ID!) { run(id: $id) { title } }', { id: runId });
    expect(data.run.title).toBe('Redacted');
  });

  test('is seen at once by those who watch, whatever the gateway had in memory', async () => {
    const runId = await endedRun();
    const watching = liveClient(gateway.url, token);
    const first = watching.subscribe(transcriptSubscription, { runId, after: 0 });
    await first.atLeast(1);
    expect(JSON.stringify(first.data)).toContain('hunter');
    await mutate('redactEvent', { runId, seq: await seqOf(runId, 'item.started'), reason: 'a password' });
    await waitFor('the redaction to be seen', () => JSON.stringify(first.data).includes('EventRedactedEvent'));
    const second = watching.subscribe(transcriptSubscription, { runId, after: 0 });
    await second.atLeast(1);
    expect(JSON.stringify(second.data)).not.toContain('hunter');
    await watching.dispose();
  });

  test('again changes nothing', async () => {
    const runId = await endedRun();
    const seq = await seqOf(runId, 'item.chunk');
    await mutate('redactEvent', { runId, seq, reason: 'a password' });
    const before = await linesOf(runId);
    expect(await mutate('redactEvent', { runId, seq, reason: 'another reason' })).toMatchObject({
      __typename: 'RedactEventPayload',
    });
    expect(await linesOf(runId)).toEqual(before);
  });

  test('is for the creator and admins, needs a reason, and an event that has content', async () => {
    const runId = await endedRun();
    const seq = await seqOf(runId, 'item.chunk');
    expect(await mutate('redactEvent', { runId, seq, reason: 'x' }, '__typename', colleaguesApi)).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(
      await mutate('redactEvent', { runId, seq, reason: 'x' }, '__typename', client(gateway.url, strangersToken)),
    ).toMatchObject({
      code: 'NOT_FOUND',
    });
    for (const reason of [' ', 'x'.repeat(limits.reasonCharacters + 1)])
      expect(await mutate('redactEvent', { runId, seq, reason })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await mutate('redactEvent', { runId, seq: 9_999, reason: 'x' })).toMatchObject({ code: 'INVALID_INPUT' });
    const state = await seqOf(runId, 'run.state');
    expect(await mutate('redactEvent', { runId, seq: state, reason: 'x' })).toMatchObject({ code: 'EVENT_NOT_REDACTABLE' });
    expect(await everything(runId)).toContain('hunter');
  });

  test('waits for what is still being written, and for a message that an agent works on or will', async () => {
    const runId = await createTestRun(world);
    const message = await seqOf(runId, 'message.added');
    expect(await mutate('redactEvent', { runId, seq: message, reason: 'x' })).toMatchObject({ code: 'EVENT_NOT_REDACTABLE' });
    const writer = await takeSession(world.journal, runId);
    expect(await mutate('redactEvent', { runId, seq: message, reason: 'x' })).toMatchObject({ code: 'EVENT_NOT_REDACTABLE' });
    const started = { type: 'item.started', itemId: 'open', kind: 'COMMAND', title: 'yes' } as const;
    await appendAgentEvents(world.journal, writer, [started], 'open');
    const seq = await seqOf(runId, 'item.started');
    expect(await mutate('redactEvent', { runId, seq, reason: 'x' })).toMatchObject({ code: 'EVENT_NOT_REDACTABLE' });
    await finishSession(world.journal, writer);
    expect(await mutate('redactEvent', { runId, seq, reason: 'x' })).toMatchObject({ __typename: 'RedactEventPayload' });
  });
});

describe('deleting a run', () => {
  test('is refused while it has not ended, and to others than its creator and admins', async () => {
    const runId = await createTestRun(world);
    expect(await mutate('deleteRun', { runId })).toMatchObject({ __typename: 'RunActiveError', code: 'RUN_ACTIVE' });
    const { data } = await api('query ($id: ID!) { run(id: $id) { viewerCan { delete { allowed code } } } }', { id: runId });
    expect(data.run.viewerCan.delete).toEqual({ allowed: false, code: 'RUN_ACTIVE' });
    await mutate('cancelRun', { runId });
    expect(await mutate('deleteRun', { runId }, '__typename', colleaguesApi)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await mutate('deleteRun', { runId }, 'deletedRunId')).toMatchObject({ deletedRunId: runId });
    expect(await mutate('deleteRun', { runId })).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is not undone by a client that repeats what created it', async () => {
    const input = { clientKey: 'created and deleted', environmentId: world.environmentId, text: 'true' };
    const created = await mutate('createRun', input, 'run { id }');
    await mutate('cancelRun', { runId: created.run.id });
    await mutate('deleteRun', { runId: created.run.id });
    expect(await mutate('createRun', input)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('takes its rows at once, tells lists and those who watch, and closes their streams', async () => {
    const runId = await endedRun();
    const watching = liveClient(gateway.url, token);
    const log = watching.subscribe(transcriptSubscription, { runId, after: 0 });
    const list = watching.subscribe('subscription { runChanged { runId version run { id } } }');
    await log.atLeast(1);
    await mutate('deleteRun', { runId });
    await waitFor('the stream to be closed', () => log.state.completed);
    expect(log.data.at(-1).transcript).toMatchObject({ __typename: 'NotFoundError' });
    await waitFor('the list to be told', () =>
      list.data.some(({ runChanged }) => runChanged.runId === runId && runChanged.run === null),
    );
    const { data } = await api('query ($id: ID!) { node(id: $id) { id } run(id: $id) { id } }', { id: runId });
    expect(data).toEqual({ node: null, run: null });
    expect((await download(`${runId}.jsonl`)).status).toBe(404);
    for (const table of ['Event', 'Message', 'Session', 'RunHead', 'Wake', 'Prompt', 'Snapshot'])
      expect((await world.journal.pool.query(`SELECT 1 FROM "${table}" WHERE "runId" = $1`, [runId])).rowCount, table).toBe(0);
    await expect(steps.nextWork(world.journal, runId, 'x')).rejects.toThrow('there is no run');
    await watching.dispose();
  });
});
