import { getNamedType, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunId } from '../../domain/ids.ts';
import { noUsage, usageOfModels } from '../../domain/usage.ts';
import { failure } from '../../domain/failure.ts';
import { appendChunks } from '../../journal/append.ts';
import { newId } from '../../journal/newId.ts';
import * as steps from '../../journal/steps.ts';
import { client, createToken, type Client } from '../../test/support/gateway.ts';
import { createTestRun, createWorld, finishSession, takeSession, type World } from '../../test/support/journal.ts';
import { startTestSystem, type TestSystem } from '../../test/support/system.ts';
import type { Gateway } from '../gateway.ts';
import { schema } from './schema.ts';

let system: TestSystem;
let gateway: Gateway;
let world: World;
let stranger: World;
let api: Client;
let strangersApi: Client;

beforeAll(async () => {
  system = await startTestSystem();
  ({ gateway, world, api } = system);
  stranger = await createWorld(world.journal, 'Sam');
  strangersApi = client(gateway.url, await createToken(world.journal, stranger.userId));
});
afterAll(() => system.stop());

let keys = 0;
const key = () => `k${++keys}`;
const error = '... on Error { message code }';
/** Those whose input has fields to be wrong. */
const fieldErrors = new Set(['createRun', 'sendFollowUp', 'continueRun', 'answerPrompt', 'createEnvironment']);
const mutate = async (name: string, input: object, fields = '', as = api) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const answer = await as(
    `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ${error}
      ${fieldErrors.has(name) ? '... on InvalidInputError { field }' : ''} ... on ${type}Payload { ${fields || '__typename'} } } }`,
    { input },
  );
  expect(answer.errors).toBeUndefined();
  return answer.data[name];
};
const createRun = (input: object = {}, fields = 'run { id state title }') =>
  mutate('createRun', { clientKey: key(), environmentId: world.environmentId, text: 'echo hi', ...input }, fields);

describe('the schema', () => {
  test('describes every type, field, argument and value', () => {
    const missing: string[] = [];
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('__') || ['ID', 'Int', 'Float', 'String', 'Boolean'].includes(type.name)) continue;
      const generated = /Connection$|Edge$|^PageInfo$|^Node$/.test(type.name);
      if (!type.description && !generated) missing.push(type.name);
      if (isObjectType(type) || isInterfaceType(type)) {
        for (const field of Object.values(type.getFields())) {
          if (!field.description && !generated) missing.push(`${type.name}.${field.name}`);
          for (const arg of field.args) {
            const paging = ['first', 'last', 'after', 'before'].includes(arg.name);
            if (!arg.description && !paging) missing.push(`${type.name}.${field.name}(${arg.name})`);
          }
        }
      }
      if (isInputObjectType(type)) {
        for (const field of Object.values(type.getFields())) if (!field.description) missing.push(`${type.name}.${field.name}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test('gives every mutation that may fail a union with typed errors', () => {
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
    const plain = mutations.filter(({ type }) => !isUnionType(getNamedType(type))).map(({ name }) => name);
    expect(plain).toEqual(['createSignInLink']);
  });

  test('has a GraphQL type for every event of the log', () => {
    const event = schema.getType('Event');
    if (!isInterfaceType(event)) throw new Error('Event is no interface');
    expect(schema.getPossibleTypes(event).length).toBeGreaterThan(30);
    expect(isEnumType(schema.getType('RunState'))).toBe(true);
  });
});

describe('who may ask', () => {
  test('nobody without a credential, or with one that is not valid', async () => {
    for (const token of [null, 'baton_token_wrong']) {
      const answer = await client(gateway.url, token)('{ viewer { name } }');
      expect(answer.status).toBe(401);
      expect(answer.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    }
  });

  test('not with a token that was revoked or has expired', async () => {
    for (const column of ['"revokedAt"', '"expiresAt"']) {
      const token = await createToken(world.journal, world.userId);
      await world.journal.pool.query(
        `UPDATE "ApiToken" SET ${column} = now() - interval '1 s' WHERE "createdAt" = (SELECT max("createdAt") FROM "ApiToken")`,
      );
      expect((await client(gateway.url, token)('{ viewer { name } }')).status).toBe(401);
    }
  });

  test('the viewer sees their own address and teams, and nobody else’s', async () => {
    const mine = await api('{ viewer { id name email memberships { role team { name viewerRole } } } }');
    expect(mine.data.viewer).toMatchObject({ name: 'Mira', memberships: [{ role: 'MEMBER' }] });
    const runId = await createTestRun(world);
    await world.journal.pool.query('INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, $3)', [
      stranger.userId,
      world.teamId,
      'VIEWER',
    ]);
    const theirs = await strangersApi(`{ run(id: "${runId}") { creator { name email memberships { role } } } }`);
    expect(theirs.data.run.creator).toEqual({ name: 'Mira', email: null, memberships: null });
    await world.journal.pool.query('DELETE FROM "Membership" WHERE "userId" = $1 AND "teamId" = $2', [
      stranger.userId,
      world.teamId,
    ]);
  });
});

describe('what belongs to another team', () => {
  test('does not exist: not by id, in lists, or for mutations', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    const snapshotId = newId('snp');
    await steps.record(world.journal, writer, [{ type: 'snapshot.captured', snapshotId, kind: 'CHECKPOINT', summary }]);
    await steps.record(world.journal, writer, [
      { type: 'prompt.opened', promptId: newId('prm'), kind: 'QUESTION', question: '?', options: [], freeText: true },
    ]);
    const ids =
      await api(`{ run(id: "${runId}") { id environment { id } team { id } sessions { id snapshot { id } } openPrompt { id }
      transcript(first: 10) { edges { node { ... on MessageAddedEvent { messageId } } } } } }`);
    const { run } = ids.data;
    const messageId = run.transcript.edges.map((edge: { node: { messageId?: string } }) => edge.node.messageId).find(Boolean);
    const all = [
      run.id,
      run.environment.id,
      run.team.id,
      run.sessions[0].id,
      run.sessions[0].snapshot.id,
      run.openPrompt.id,
      messageId,
      world.userId,
    ];
    for (const id of all) {
      expect((await api('query ($id: ID!) { node(id: $id) { id } }', { id })).data.node, id).toEqual({ id });
      expect((await strangersApi('query ($id: ID!) { node(id: $id) { id } }', { id })).data.node, id).toBeNull();
    }
    expect((await strangersApi(`{ run(id: "${runId}") { id } }`)).data.run).toBeNull();
    const runs = await strangersApi('{ runs { totalCount edges { node { id } } } environments { edges { node { id } } } }');
    expect(runs.data.runs.totalCount).toBe(0);
    expect(runs.data.environments.edges.map((edge: { node: { id: string } }) => edge.node.id)).toEqual([stranger.environmentId]);
    const mutations: [string, object][] = [
      ['createRun', { clientKey: key(), environmentId: world.environmentId, text: 'x' }],
      ['sendFollowUp', { clientKey: key(), runId, text: 'x' }],
      ['continueRun', { clientKey: key(), runId }],
      ['withdrawMessage', { messageId }],
      ['answerPrompt', { promptId: run.openPrompt.id, text: 'x' }],
      ['interruptTurn', { runId }],
      ['endSession', { runId }],
      ['cancelRun', { runId }],
      ['createEnvironment', { clientKey: key(), teamId: world.teamId, name: 'x', repositories: [{ url: '/x' }] }],
    ];
    for (const [name, input] of mutations)
      expect((await mutate(name, input, '', strangersApi)).__typename, name).toBe('NotFoundError');
  });

  test('is not changed by someone who may only view it', async () => {
    await world.journal.pool.query('INSERT INTO "Membership" ("userId", "teamId", role) VALUES ($1, $2, $3)', [
      stranger.userId,
      world.teamId,
      'VIEWER',
    ]);
    const runId = await createTestRun(world);
    const permissions = await strangersApi(
      `{ run(id: "${runId}") { viewerCan { followUp { allowed reason code } cancel { allowed } } } }`,
    );
    expect(permissions.data.run.viewerCan).toMatchObject({
      followUp: { allowed: false, code: 'FORBIDDEN', reason: expect.stringContaining('view') },
      cancel: { allowed: false },
    });
    for (const [name, input] of [
      ['sendFollowUp', { clientKey: key(), runId, text: 'x' }],
      ['cancelRun', { runId }],
      ['createRun', { clientKey: key(), environmentId: world.environmentId, text: 'x' }],
    ] as const) {
      expect((await mutate(name, input, '', strangersApi)).__typename, name).toBe('ForbiddenError');
    }
    await world.journal.pool.query('DELETE FROM "Membership" WHERE "userId" = $1 AND "teamId" = $2', [
      stranger.userId,
      world.teamId,
    ]);
  });
});

const summary = {
  manifest: { hash: 'x', bytes: 1 },
  repositories: [{ repository: '.', url: '/x', branch: 'baton/x', head: 'a', base: 'b', unpushedCommits: 2 }],
  changes: [{ repository: '.', path: 'f', status: 'ADDED', oldPath: null, additions: 1, deletions: 0 }],
  changedFiles: 1,
  patch: null,
  gaps: [{ repository: '.', path: 'pipe', status: 'SKIPPED', reason: 'FIFO', detail: 'A FIFO has no content.' }],
  gapCount: 1,
  entries: 2,
  bytes: 3,
  storedBytes: 4,
  quiesced: true,
  tookMs: 5.4,
} as const;

describe('creating a run', () => {
  test('answers at once with a queued run that says what it waits for', async () => {
    const created = await createRun(
      {},
      'run { id state title origin waitingFor { for } queuedMessages { text state } viewerCan { followUp { allowed } } workflowId }',
    );
    expect(created.run).toMatchObject({
      state: 'QUEUED',
      title: 'echo hi',
      origin: 'API',
      waitingFor: { for: 'WORKER' },
      queuedMessages: [{ text: 'echo hi', state: 'PENDING' }],
      viewerCan: { followUp: { allowed: true } },
      workflowId: created.run.id.replace('_', '-'),
    });
  });

  test('takes its title from the first line that says something', async () => {
    expect((await createRun({ text: '#!/bin/bash\nset -euo pipefail\n# Build it\nmake' })).run.title).toBe('Build it');
    expect((await createRun({ text: 'x'.repeat(300) })).run.title).toHaveLength(80);
    expect((await createRun({ title: ' Mine ' })).run.title).toBe('Mine');
  });

  test('is idempotent by its client key', async () => {
    const clientKey = key();
    const [first, second] = [await createRun({ clientKey }), await createRun({ clientKey })];
    expect(second.run.id).toBe(first.run.id);
    expect(await createRun({ clientKey, text: 'other' })).toMatchObject({
      __typename: 'IdempotencyConflictError',
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  test.each<[string, object, object]>([
    ['an empty text', { text: ' ' }, { __typename: 'InvalidInputError', field: 'text' }],
    ['an oversized text', { text: 'x'.repeat(300_000) }, { __typename: 'InvalidInputError', field: 'text' }],
    ['a NUL', { text: 'a\0b' }, { __typename: 'InvalidInputError', field: 'text' }],
    ['an empty client key', { clientKey: '' }, { __typename: 'InvalidInputError', field: 'clientKey' }],
    ['a malformed environment', { environmentId: 'nope' }, { __typename: 'NotFoundError' }],
    ['an unknown environment', { environmentId: 'env_01m7ywct2zfvqr6yqjd1gknfe2' }, { __typename: 'NotFoundError' }],
    ['an origin that is not a client’s to give', { origin: 'SCHEDULE' }, { __typename: 'InvalidInputError', field: 'origin' }],
    ['an idle time out of range', { idleSeconds: -1 }, { __typename: 'InvalidInputError', field: 'idleSeconds' }],
    ['a title that is too long', { title: 'x'.repeat(201) }, { __typename: 'InvalidInputError', field: 'title' }],
  ])('with %s is refused, typed and in words', async (_what, input, expected) => {
    const refused = await createRun(input);
    expect(refused).toMatchObject(expected);
    expect(refused.message).toMatch(/\w+.*\.$/);
  });
});

describe('creating an environment', () => {
  const create = (input: object) =>
    mutate(
      'createEnvironment',
      { clientKey: key(), name: key(), repositories: [{ url: 'https://example.com/a/b.git' }], ...input },
      'environment { name repositories { url branch path push snapshot { ignored } } setupCommands variables { name } outside outsideScript secretFiles }',
    );

  test('keeps what it was given and fills in folders', async () => {
    const created = await create({
      repositories: [
        { url: 'https://example.com/a/one.git' },
        {
          url: 'git@example.com:a/two',
          branch: 'next',
          path: 'deep/two',
          push: true,
          snapshot: { ignored: ['.env.local', 'build/**'] },
        },
      ],
      setupCommands: ['npm ci'],
      variables: [{ name: 'CI', value: '1' }],
      outside: ['~/.config/tool'],
      outsideScript: 'echo ~/notes',
      secretFiles: 'EXCLUDE',
    });
    expect(created.environment).toMatchObject({
      repositories: [
        { url: 'https://example.com/a/one.git', branch: null, path: 'one', push: false, snapshot: { ignored: [] } },
        {
          url: 'git@example.com:a/two',
          branch: 'next',
          path: 'deep/two',
          push: true,
          snapshot: { ignored: ['.env.local', 'build/**'] },
        },
      ],
      setupCommands: ['npm ci'],
      variables: [{ name: 'CI' }],
      outside: ['~/.config/tool'],
      outsideScript: 'echo ~/notes',
      secretFiles: 'EXCLUDE',
    });
  });

  test.each<[string, object]>([
    ['no repository', { repositories: [] }],
    ['a path without a name', { outside: [' '] }],
    ['a script with a NUL', { outsideScript: 'a\0b' }],
    ['a pattern of two lines', { repositories: [{ url: '/x', snapshot: { ignored: ['a\nb'] } }] }],
    ['an address that is an option', { repositories: [{ url: '--upload-pack=x' }] }],
    ['an address that runs a program', { repositories: [{ url: 'ext::sh' }] }],
    ['a password in the address', { repositories: [{ url: 'https://u:p@example.com/a' }] }],
    ['a branch that is an option', { repositories: [{ url: '/x', branch: '--force' }] }],
    ['a folder that leaves the workspace', { repositories: [{ url: '/x', path: '../x' }] }],
    ['a folder inside .git', { repositories: [{ url: '/x', path: 'a/.git' }] }],
    [
      'one folder inside another',
      {
        repositories: [
          { url: '/x', path: 'a' },
          { url: '/y', path: 'a/b' },
        ],
      },
    ],
    [
      'one folder twice',
      {
        repositories: [
          { url: '/x', path: 'a' },
          { url: '/y', path: 'a' },
        ],
      },
    ],
    ['a variable that is no name', { variables: [{ name: '1A', value: '' }] }],
    ['an empty command', { setupCommands: [' '] }],
    ['a name of nothing', { name: ' ' }],
  ])('with %s is refused', async (_what, input) => {
    expect(await create(input)).toMatchObject({ __typename: 'InvalidInputError', code: 'INVALID_INPUT' });
  });

  test('with a name that the team has is refused', async () => {
    const name = key();
    await create({ name });
    expect(await create({ name })).toMatchObject({ __typename: 'InvalidInputError', field: 'name' });
  });
});

describe('a run that exists', () => {
  test('refuses a follow-up while it is blocked, with the prompt to answer', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    await block(runId, writer);
    const answer = await api(
      `mutation ($input: SendFollowUpInput!) { sendFollowUp(input: $input) { __typename ... on RunBlockedError { message code prompt { id question options { id } } } } }`,
      { input: { clientKey: key(), runId, text: 'go on' } },
    );
    expect(answer.data.sendFollowUp).toMatchObject({
      __typename: 'RunBlockedError',
      prompt: { question: 'Which?', options: [{ id: 'a' }] },
    });
    const seen = await api(
      `{ run(id: "${runId}") { state waitingFor { for } openPrompt { id question } viewerCan { followUp { allowed code } answer { allowed } } } runs(filter: { needsViewer: true }) { edges { node { id } } } }`,
    );
    expect(seen.data.run).toMatchObject({
      state: 'BLOCKED',
      waitingFor: { for: 'PERSON' },
      viewerCan: { followUp: { allowed: false, code: 'RUN_BLOCKED' }, answer: { allowed: true } },
    });
    expect(seen.data.runs.edges).toContainEqual({ node: { id: runId } });
    const answered = await mutate(
      'answerPrompt',
      { promptId: seen.data.run.openPrompt.id, optionId: 'a' },
      'prompt { state answer { optionId } answeredBy { name } }',
    );
    expect(answered.prompt).toEqual({ state: 'ANSWERED', answer: { optionId: 'a' }, answeredBy: { name: 'Mira' } });
    expect(await mutate('answerPrompt', { promptId: seen.data.run.openPrompt.id, optionId: 'a' })).toMatchObject({
      __typename: 'PromptNotOpenError',
    });
  });

  test('refuses a follow-up without a conversation, and says what to do', async () => {
    const runId = await createTestRun(world);
    await world.journal.pool.query('UPDATE "Run" SET "hasConversation" = false WHERE id = $1', [runId]);
    expect(await mutate('sendFollowUp', { clientKey: key(), runId, text: 'x' })).toMatchObject({
      __typename: 'RunNotContinuableError',
      message: expect.stringContaining('new run'),
    });
  });

  test('is continued only when it has ended, and only from snapshots of its own', async () => {
    const runId = await createTestRun(world);
    expect(await mutate('continueRun', { clientKey: key(), runId })).toMatchObject({ __typename: 'RunNotContinuableError' });
    await finishSession(world.journal, await takeSession(world.journal, runId));
    for (const fromSnapshotId of ['snp_01m7ywct2zfvqr6yqjd1gknfe2', 'nonsense']) {
      expect(await mutate('continueRun', { clientKey: key(), runId, fromSnapshotId })).toMatchObject({
        __typename: 'RunNotContinuableError',
        message: expect.stringContaining(fromSnapshotId),
      });
    }
    expect(await mutate('continueRun', { clientKey: key(), runId, withoutWorkspace: true, base: 'NEWEST' })).toMatchObject({
      __typename: 'InvalidInputError',
    });
    const continued = await mutate(
      'continueRun',
      { clientKey: key(), runId, withoutWorkspace: true },
      'run { state } followUp { id }',
    );
    expect(continued).toMatchObject({ run: { state: 'QUEUED' }, followUp: null });
  });

  test('gives a waiting message back when it is withdrawn, once', async () => {
    const runId = await createTestRun(world);
    await finishSession(world.journal, await takeSession(world.journal, runId));
    const sent = await mutate('sendFollowUp', { clientKey: key(), runId, text: 'wait' }, 'run { state } followUp { id state }');
    expect(sent.run.state).toBe('QUEUED');
    const withdrawn = await mutate('withdrawMessage', { messageId: sent.followUp.id }, 'run { state } withdrawn { state }');
    expect(withdrawn).toMatchObject({ run: { state: 'SUCCEEDED' }, withdrawn: { state: 'WITHDRAWN' } });
    expect(await mutate('withdrawMessage', { messageId: sent.followUp.id })).toMatchObject({
      __typename: 'MessageNotPendingError',
    });
  });

  test('says that nothing is live to end or interrupt', async () => {
    const runId = await createTestRun(world);
    expect(await mutate('interruptTurn', { runId })).toMatchObject({ __typename: 'RunNotLiveError' });
    expect(await mutate('endSession', { runId })).toMatchObject({ __typename: 'RunNotLiveError' });
  });

  test('shows its sessions, snapshots, failure and usage', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId, 'eu-3');
    await steps.record(world.journal, writer, [{ type: 'snapshot.captured', snapshotId: newId('snp'), kind: 'FINAL', summary }]);
    await steps.turnEnded(world.journal, writer, {
      turn: 1,
      reason: 'FAILED',
      failure: failure('SCRIPT_FAILED', 'The script exited with 3.'),
      usage: { ...noUsage, wallMs: 12 },
    });
    await steps.beginClose(world.journal, writer, true);
    await steps.endSession(world.journal, runId, writer.sessionId, { outcome: 'FAILED', started: true });
    const { data } = await api(`{ run(id: "${runId}") { state failure { origin code message retryable } usage { wallMs }
      sessions { ordinal cause outcome worker usage { wallMs } failure { code } snapshot { kind tookMs gaps { reason } repositories { unpushedCommits } changes { path status } patch { text } } startedAt endedAt }
      latestSnapshot { kind } liveSession { id } } }`);
    expect(data.run).toMatchObject({
      state: 'FAILED',
      failure: { origin: 'USER', code: 'SCRIPT_FAILED', message: 'The script exited with 3.', retryable: true },
      usage: { wallMs: 12 },
      sessions: [
        {
          ordinal: 1,
          cause: 'START',
          outcome: 'FAILED',
          worker: 'eu-3',
          usage: { wallMs: 12 },
          snapshot: { kind: 'FINAL', tookMs: 5, gaps: [{ reason: 'FIFO' }], repositories: [{ unpushedCommits: 2 }], patch: null },
        },
      ],
      latestSnapshot: { kind: 'FINAL' },
      liveSession: null,
    });
  });
});

describe('an agent', () => {
  test('is named with what it can do', async () => {
    const { data } = await api('{ harnesses { kind label capabilities { resume interrupt durablePrompts usage } } }');
    expect(data.harnesses).toContainEqual({
      kind: 'SCRIPT',
      label: 'Script',
      capabilities: { resume: false, interrupt: true, durablePrompts: 'NONE', usage: false },
    });
    const runId = await createTestRun(world);
    expect((await api(`{ run(id: "${runId}") { agent { kind label } } }`)).data.run.agent).toEqual({
      kind: 'SCRIPT',
      label: 'Script',
    });
  });

  test('is seen at work: its tools with what they changed, its plan, its conversation, its tokens by model', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    const model = {
      model: 'm',
      inputTokens: 9,
      outputTokens: 4,
      cacheReadTokens: 3,
      cacheWriteTokens: 0,
      reasoningTokens: 1,
      costMicros: 0,
    };
    const tool = { id: 'call', name: 'edit', kind: 'EDIT' } as const;
    await steps.record(world.journal, writer, [
      { type: 'conversation.opened', conversationId: 'c', resumed: false, version: '1', model: 'm' },
      { type: 'item.started', itemId: 'i', kind: 'TOOL', title: 'a.ts', tool, input: '{}', inputBytes: 2 },
      { type: 'item.diff', itemId: 'i', path: 'a.ts', oldText: null, newText: 'x', complete: true },
      { type: 'plan.updated', planId: 'p', entries: [{ content: 'look', status: 'PENDING' }] },
    ]);
    const usage = usageOfModels([model]);
    await steps.turnEnded(world.journal, writer, { turn: 1, reason: 'COMPLETED', failure: null, usage });
    const { data } =
      await api(`{ run(id: "${runId}") { usage { inputTokens models { model cacheReadTokens } } transcript(last: 50) { edges { node { __typename
      ... on ConversationOpenedEvent { conversationId resumed version model }
      ... on ItemStartedEvent { kind tool { id name kind } input inputBytes }
      ... on ItemDiffEvent { path oldText newText complete }
      ... on PlanUpdatedEvent { planId entries { content status } }
    } } } } }`);
    expect(data.run.usage).toEqual({ inputTokens: 9, models: [{ model: 'm', cacheReadTokens: 3 }] });
    const nodes = data.run.transcript.edges.map(({ node }: { node: object }) => node);
    const begun = nodes.findIndex(({ __typename }: { __typename: string }) => __typename === 'ConversationOpenedEvent');
    expect(nodes.slice(begun, begun + 4)).toEqual([
      { __typename: 'ConversationOpenedEvent', conversationId: 'c', resumed: false, version: '1', model: 'm' },
      { __typename: 'ItemStartedEvent', kind: 'TOOL', tool, input: '{}', inputBytes: 2 },
      { __typename: 'ItemDiffEvent', path: 'a.ts', oldText: null, newText: 'x', complete: true },
      { __typename: 'PlanUpdatedEvent', planId: 'p', entries: [{ content: 'look', status: 'PENDING' }] },
    ]);
  });
});

describe('lists', () => {
  test('of runs are filtered, ordered and paged', async () => {
    const own = await createWorld(world.journal, 'Lena');
    const lenasApi = client(gateway.url, await createToken(world.journal, own.userId));
    const ids: RunId[] = [];
    for (let i = 0; i < 5; i++)
      ids.push(await createTestRun(own, { title: i % 2 ? `Odd ${i}` : `Even ${i}`, origin: i === 4 ? 'CLI' : 'API' }));
    const first = await lenasApi(
      '{ runs(first: 2, orderBy: { field: CREATED_AT, direction: ASC }) { totalCount pageInfo { hasNextPage endCursor } edges { node { id } } } }',
    );
    expect(first.data.runs).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true } });
    const rest = await lenasApi(
      `{ runs(first: 5, after: "${first.data.runs.pageInfo.endCursor}", orderBy: { field: CREATED_AT, direction: ASC }) { pageInfo { hasNextPage } edges { node { id } } } }`,
    );
    expect([...first.data.runs.edges, ...rest.data.runs.edges].map((edge) => edge.node.id)).toEqual(ids);
    expect(rest.data.runs.pageInfo.hasNextPage).toBe(false);
    const count = async (filter: string) =>
      (await lenasApi(`{ runs(filter: { ${filter} }) { totalCount } }`)).data.runs.totalCount;
    expect(await count('text: "oDD"')).toBe(2);
    expect(await count('origins: [CLI]')).toBe(1);
    expect(await count('states: [QUEUED]')).toBe(5);
    expect(await count('states: [FAILED, SUCCEEDED]')).toBe(0);
    expect(await count(`creatorId: "${world.userId}"`)).toBe(0);
    expect(await count(`environmentId: "${own.environmentId}"`)).toBe(5);
    expect(await count(`teamId: "${world.teamId}"`)).toBe(0);
  });

  test('of transcripts are paged by sequence number from both ends, with chunks merged', async () => {
    const runId = await createTestRun(world);
    const writer = await takeSession(world.journal, runId);
    for (let i = 0; i < 10; i++)
      await appendChunks(world.journal, writer, [{ type: 'item.chunk', itemId: 'i', stream: 'STDOUT', text: `${i}` }], `t${i}`);
    const page = async (args: string) =>
      (
        await api(
          `{ run(id: "${runId}") { lastSeq transcript(${args}) { pageInfo { startCursor endCursor hasPreviousPage hasNextPage } edges { cursor node { seq ... on ItemChunkEvent { fromSeq text } } } } } }`,
        )
      ).data.run;
    const { lastSeq } = await page('first: 1');
    const end = await page('last: 6');
    expect(end.transcript.edges).toEqual([
      { cursor: String(lastSeq), node: { seq: lastSeq, fromSeq: lastSeq - 5, text: '456789' } },
    ]);
    expect(end.transcript.pageInfo).toEqual({
      startCursor: String(lastSeq - 5),
      endCursor: String(lastSeq),
      hasPreviousPage: true,
      hasNextPage: false,
    });
    const before = await page(`last: 100, before: "${end.transcript.pageInfo.startCursor}"`);
    expect(before.transcript.edges.at(-1).node).toMatchObject({ fromSeq: lastSeq - 9, seq: lastSeq - 6, text: '0123' });
    expect(before.transcript.pageInfo).toMatchObject({ startCursor: '1', hasPreviousPage: false, hasNextPage: true });
    const wrong = await api(`{ run(id: "${runId}") { transcript(after: "x") { edges { cursor } } } }`);
    expect(wrong.errors?.[0]?.extensions?.code).toBe('INVALID_CURSOR');
  });

  test('do not let a query grow without bound', async () => {
    const deep = await api(
      '{ runs(first: 500) { edges { node { sessions { run { sessions { run { sessions { run { sessions { id } } } } } } } } } } }',
    );
    expect(deep.errors?.[0]?.message).toMatch(/complex|depth/i);
  });
});

test('a defect is told without its text', async () => {
  const runId = await createTestRun(world);
  await world.journal.pool.query(`UPDATE "Run" SET usage = '[]' WHERE id = $1`, [runId]);
  const answer = await api(`{ run(id: "${runId}") { usage { wallMs } } }`);
  expect(answer.errors?.[0]?.message).not.toMatch(/Cannot|undefined|null for non/);
});

async function block(runId: RunId, writer: Awaited<ReturnType<typeof takeSession>>): Promise<void> {
  await steps.record(world.journal, writer, [
    {
      type: 'prompt.opened',
      promptId: newId('prm'),
      kind: 'QUESTION',
      question: 'Which?',
      options: [{ id: 'a', label: 'A' }],
      freeText: false,
    },
    { type: 'session.state', from: 'RUNNING', to: 'BLOCKED', worker: null, outcome: null, failure: null },
    { type: 'run.state', from: 'IN_PROGRESS', to: 'BLOCKED', failure: null },
  ]);
  expect(runId).toBeTruthy();
}
