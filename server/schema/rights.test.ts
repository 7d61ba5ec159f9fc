import { getNamedType, isInputObjectType, isInterfaceType, isObjectType, isUnionType, type GraphQLInputType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idKinds } from '../../domain/ids.ts';
import { tokenScopes } from '../../domain/person.ts';
import { newId } from '../../journal/newId.ts';
import * as steps from '../../journal/steps.ts';
import { client, createToken, type Answer, type Client } from '../../test/support/gateway.ts';
import { createTestRun, createWorld, finishSession, takeSession, type World } from '../../test/support/journal.ts';
import { liveClient } from '../../test/support/live.ts';
import { startTestSystem, type TestSystem } from '../../test/support/system.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import type { Gateway } from '../gateway.ts';
import { schema } from './schema.ts';

/** One of each kind of thing that a team has, by the name of its type. */
type Things = Record<(typeof idKinds)[keyof typeof idKinds], string>;

/** A team, its admin, and what is theirs. */
interface Side {
  readonly world: World;
  readonly things: Things;
  /** A run that has ended, with a snapshot. */
  readonly endedRun: string;
  readonly api: Client;
}

let system: TestSystem;
let gateway: Gateway;
let mine: Side;
let theirs: Side;
let keys = 0;
const clientKey = () => `rights-${++keys}`;

beforeAll(async () => {
  system = await startTestSystem();
  ({ gateway } = system);
  mine = await sideOf(system.world);
  theirs = await sideOf(await createWorld(system.world.journal, 'Theo'));
});
afterAll(() => system.stop());

async function sideOf(world: World): Promise<Side> {
  const { journal, userId, teamId, environmentId } = world;
  await journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN' WHERE "userId" = $1`, [userId]);
  const Run = await createTestRun(world);
  const writer = await takeSession(journal, Run);
  const Snapshot = newId('snp');
  const Prompt = newId('prm');
  await steps.record(journal, writer, [{ type: 'snapshot.captured', snapshotId: Snapshot, kind: 'CHECKPOINT', summary }]);
  await steps.record(journal, writer, [
    { type: 'branch.pushed', repository: '.', url: '/x', branch: 'baton/x', commit: 'a'.repeat(40), commits: 1 },
    { type: 'prompt.opened', promptId: Prompt, kind: 'QUESTION', question: '?', options: [], freeText: true },
  ]);
  const endedRun = await createTestRun(world);
  await finishSession(journal, await takeSession(journal, endedRun));
  await createToken(journal, userId);
  const first = async (query: string, ...values: string[]): Promise<string> =>
    (await journal.pool.query<{ id: string }>(query, values)).rows[0]?.id ?? '';
  const token = await first('SELECT id FROM "ApiToken" WHERE "userId" = $1', userId);
  return {
    world,
    endedRun,
    // With another token, which no test revokes.
    api: client(gateway.url, await createToken(journal, userId)),
    things: {
      Run,
      Snapshot,
      Prompt,
      Session: await first('SELECT id FROM "Session" WHERE "runId" = $1', Run),
      Message: await first('SELECT id FROM "Message" WHERE "runId" = $1', Run),
      Environment: environmentId,
      Team: teamId,
      User: userId,
      ApiToken: token,
      AuditEntry: await first('SELECT id FROM "AuditEntry" WHERE "teamId" = $1', teamId),
    },
  };
}

const summary = {
  manifest: { hash: 'f'.repeat(64), bytes: 1 },
  repositories: [],
  changes: [],
  changedFiles: 0,
  patch: null,
  gaps: [],
  gapCount: 0,
  entries: 0,
  bytes: 0,
  storedBytes: 0,
  quiesced: true,
  tookMs: 1,
} as const;

/** What came of asking, in a word: the code of an error, NULL or EMPTY for what is not there, OK for anything else. */
type Told = 'OK' | 'NULL' | 'EMPTY' | (string & {});

/** How a place where an id comes in is tried with an id, and what those outside are told. */
interface Place {
  readonly told: Told;
  readonly kind: keyof Things;
  readonly ask: (api: Client, id: string) => Promise<Told>;
}

function toldOf({ data, errors }: Answer): Told {
  if (errors?.[0]) return errors[0].extensions?.code ?? errors[0].message;
  const [value] = Object.values(
    data as Record<string, { __typename?: string; code?: string; reason?: string; totalCount?: number }>,
  );
  if (value === null || value === undefined) return 'NULL';
  if (value.totalCount === 0) return 'EMPTY';
  return value.reason ?? value.code ?? 'OK';
}

const mutation = async (api: Client, name: string, input: object): Promise<Told> => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const more = name === 'continueRun' ? '... on RunNotContinuableError { reason }' : '';
  return toldOf(
    await api(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Error { code message } ${more} } }`, {
      input,
    }),
  );
};
const asked = (told: Told, kind: keyof Things, name: string, input: (id: string) => object): Place => ({
  told,
  kind,
  ask: (api, id) => mutation(api, name, input(id)),
});
const query = (told: Told, kind: keyof Things, text: string): Place => ({
  told,
  kind,
  ask: async (api, id) => toldOf(await api(`query ($id: ID!) { ${text} }`, { id })),
});

/** With a snapshot of one's own for the other side. */
const compared = (side: 'before' | 'after'): Place => ({
  told: 'NOT_FOUND',
  kind: 'Snapshot',
  ask: async (api, id) =>
    toldOf(
      await api(
        'query ($before: ID!, $after: ID!) { snapshotDifference(before: $before, after: $after) { __typename ... on Error { code } } }',
        { before: mine.things.Snapshot, after: mine.things.Snapshot, [side]: id },
      ),
    ),
});

const repositories = [{ url: '/x' }];
/** Every place of the schema where an id comes in. Those in own hands are the asker's own. */
const places: Record<string, Place> = {
  'Query.node(id)': query('NULL', 'Run', 'node(id: $id) { id }'),
  'Query.run(id)': query('NULL', 'Run', 'run(id: $id) { id }'),
  'Query.runs(filter.teamId)': query('EMPTY', 'Team', 'runs(filter: { teamId: $id }) { totalCount }'),
  'Query.runs(filter.environmentId)': query('EMPTY', 'Environment', 'runs(filter: { environmentId: $id }) { totalCount }'),
  'Query.runs(filter.creatorId)': query('EMPTY', 'User', 'runs(filter: { creatorId: $id }) { totalCount }'),
  'Query.environments(teamId)': query('EMPTY', 'Team', 'environments(teamId: $id) { totalCount }'),
  'Query.auditLog(teamId)': query('NOT_FOUND', 'Team', 'auditLog(teamId: $id) { totalCount }'),
  'Query.auditLog(filter.actorId)': {
    told: 'EMPTY',
    kind: 'User',
    ask: async (api, id) =>
      toldOf(
        await api('query ($id: ID!, $team: ID!) { auditLog(teamId: $team, filter: { actorId: $id }) { totalCount } }', {
          id,
          team: mine.things.Team,
        }),
      ),
  },
  'Query.auditLog(filter.targetId)': {
    told: 'EMPTY',
    kind: 'Run',
    ask: async (api, id) =>
      toldOf(
        await api('query ($id: ID!, $team: ID!) { auditLog(teamId: $team, filter: { targetId: $id }) { totalCount } }', {
          id,
          team: mine.things.Team,
        }),
      ),
  },
  'Query.snapshotDifference(before)': compared('before'),
  'Query.snapshotDifference(after)': compared('after'),
  'Mutation.createRun(input.environmentId)': asked('NOT_FOUND', 'Environment', 'createRun', (environmentId) => ({
    clientKey: clientKey(),
    environmentId,
    text: 'x',
  })),
  'Mutation.createRun(input.teamId)': asked('NOT_FOUND', 'Team', 'createRun', (teamId) => ({
    clientKey: clientKey(),
    environmentId: mine.things.Environment,
    teamId,
    text: 'x',
  })),
  'Mutation.sendFollowUp(input.runId)': asked('NOT_FOUND', 'Run', 'sendFollowUp', (runId) => ({
    clientKey: clientKey(),
    runId,
    text: 'x',
  })),
  'Mutation.continueRun(input.runId)': asked('NOT_FOUND', 'Run', 'continueRun', (runId) => ({ clientKey: clientKey(), runId })),
  'Mutation.continueRun(input.fromSnapshotId)': asked('SNAPSHOT_NOT_FOUND', 'Snapshot', 'continueRun', (fromSnapshotId) => ({
    clientKey: clientKey(),
    runId: fromSnapshotId === mine.things.Snapshot ? mine.things.Run : mine.endedRun,
    fromSnapshotId,
  })),
  'Mutation.withdrawMessage(input.messageId)': asked('NOT_FOUND', 'Message', 'withdrawMessage', (messageId) => ({ messageId })),
  'Mutation.answerPrompt(input.promptId)': asked('NOT_FOUND', 'Prompt', 'answerPrompt', (promptId) => ({ promptId, text: 'x' })),
  'Mutation.interruptTurn(input.runId)': asked('NOT_FOUND', 'Run', 'interruptTurn', (runId) => ({ runId })),
  'Mutation.endSession(input.runId)': asked('NOT_FOUND', 'Run', 'endSession', (runId) => ({ runId })),
  'Mutation.cancelRun(input.runId)': asked('NOT_FOUND', 'Run', 'cancelRun', (runId) => ({ runId })),
  'Mutation.redactEvent(input.runId)': asked('NOT_FOUND', 'Run', 'redactEvent', (runId) => ({ runId, seq: 1, reason: 'x' })),
  'Mutation.deleteRun(input.runId)': asked('NOT_FOUND', 'Run', 'deleteRun', (runId) => ({ runId })),
  'Mutation.setRetention(input.teamId)': asked('NOT_FOUND', 'Team', 'setRetention', (teamId) => ({ teamId })),
  'Mutation.collectGarbage(input.teamId)': asked('NOT_FOUND', 'Team', 'collectGarbage', (teamId) => ({ teamId, dryRun: true })),
  'Mutation.createEnvironment(input.teamId)': asked('NOT_FOUND', 'Team', 'createEnvironment', (teamId) => ({
    clientKey: clientKey(),
    teamId,
    name: clientKey(),
    repositories,
  })),
  'Mutation.setEnvironmentSecret(input.environmentId)': asked(
    'NOT_FOUND',
    'Environment',
    'setEnvironmentSecret',
    (environmentId) => ({ clientKey: clientKey(), environmentId, name: 'A', value: 'a value', use: 'AGENT_VARIABLE' }),
  ),
  'Mutation.removeEnvironmentSecret(input.environmentId)': asked(
    'NOT_FOUND',
    'Environment',
    'removeEnvironmentSecret',
    (environmentId) => ({ environmentId, name: 'A' }),
  ),
  'Mutation.addMember(input.teamId)': asked('NOT_FOUND', 'Team', 'addMember', (teamId) => ({
    clientKey: clientKey(),
    teamId,
    email: `${clientKey()}@example.com`,
  })),
  'Mutation.changeRole(input.teamId)': asked('NOT_FOUND', 'Team', 'changeRole', (teamId) => ({
    teamId,
    userId: mine.things.User,
    role: 'ADMIN',
  })),
  'Mutation.changeRole(input.userId)': asked('NOT_FOUND', 'User', 'changeRole', (userId) => ({
    teamId: mine.things.Team,
    userId,
    role: 'ADMIN',
  })),
  'Mutation.removeMember(input.teamId)': asked('NOT_FOUND', 'Team', 'removeMember', (teamId) => ({
    teamId,
    userId: mine.things.User,
  })),
  'Mutation.removeMember(input.userId)': asked('NOT_FOUND', 'User', 'removeMember', (userId) => ({
    teamId: mine.things.Team,
    userId,
  })),
  'Mutation.revokeApiToken(input.tokenId)': asked('NOT_FOUND', 'ApiToken', 'revokeApiToken', (tokenId) => ({ tokenId })),
};

/** Live places: what a subscription tells those outside. */
const livePlaces: Record<string, string> = {
  'Subscription.transcript(runId)': 'NotFoundError',
  'Subscription.runChanged(filter.teamId)': 'nothing',
  'Subscription.runChanged(filter.environmentId)': 'nothing',
  'Subscription.runChanged(filter.creatorId)': 'nothing',
};

/** The places of a type where an id comes in, through inputs of inputs too. */
function idsOf(type: GraphQLInputType, path: string): string[] {
  const named = getNamedType(type);
  if (named.name === 'ID') return [path];
  if (!isInputObjectType(named)) return [];
  return Object.values(named.getFields()).flatMap((field) => idsOf(field.type, `${path}.${field.name}`));
}

const allPlaces = Object.values(schema.getTypeMap())
  .filter((type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'))
  .flatMap((type) =>
    isObjectType(type) || isInterfaceType(type)
      ? Object.values(type.getFields()).flatMap((field) =>
          field.args.flatMap((arg) => idsOf(arg.type, arg.name).map((path) => `${type.name}.${field.name}(${path})`)),
        )
      : [],
  );
const nodeInterface = schema.getType('Node');
const nodeTypes = isInterfaceType(nodeInterface) ? schema.getPossibleTypes(nodeInterface).map(({ name }) => name) : [];
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

describe('what belongs to another team', () => {
  test('has every place where an id comes in, and every type with one, in the tables of this file', () => {
    expect(Object.keys({ ...places, ...livePlaces }).sort()).toEqual(allPlaces.sort());
    expect(Object.keys(mine.things).sort()).toEqual([...nodeTypes].sort());
    expect(Object.values(idKinds).sort()).toEqual([...nodeTypes].sort());
  });

  test.each(Object.values(idKinds))('is not there by id: %s', async (kind) => {
    const node = async ({ api }: Side, id: string) => (await api('query ($id: ID!) { node(id: $id) { id } }', { id })).data?.node;
    expect(await node(mine, mine.things[kind])).toEqual({ id: mine.things[kind] });
    expect(await node(theirs, theirs.things[kind])).toEqual({ id: theirs.things[kind] });
    expect(await node(mine, theirs.things[kind])).toBeNull();
    expect(await node(theirs, mine.things[kind])).toBeNull();
  });

  test.each(Object.entries(places))('is not told apart from what does not exist: %s', async (_place, { told, kind, ask }) => {
    const before = await everythingOf(theirs);
    const prefix = Object.entries(idKinds).find(([, name]) => name === kind)?.[0] as keyof typeof idKinds;
    expect(await ask(mine.api, theirs.things[kind])).toBe(told);
    expect(await ask(mine.api, newId(prefix))).toBe(told);
    expect(await everythingOf(theirs)).toEqual(before);
    // With what is one's own the very same call is not refused so.
    expect(await ask(mine.api, mine.things[kind])).not.toBe(told);
  });

  test.each(Object.keys(livePlaces))('is not to be watched: %s', async (place) => {
    const live = liveClient(gateway.url, await createToken(mine.world.journal, mine.world.userId));
    const [, name = '', argument = ''] = /^Subscription\.(\w+)\((?:filter\.)?(\w+)\)$/.exec(place) ?? [];
    if (name === 'transcript') {
      const watched = live.subscribe('subscription ($id: ID!) { transcript(runId: $id, after: 0) { __typename } }', {
        id: theirs.things.Run,
      });
      await waitFor('the end', () => watched.state.completed);
      expect(watched.data).toEqual([{ transcript: { __typename: livePlaces[place] } }]);
    } else {
      const ofKind = { teamId: 'Team', environmentId: 'Environment', creatorId: 'User' } as const;
      const id = theirs.things[ofKind[argument as keyof typeof ofKind]];
      const filtered = (filter: string) => `subscription { runChanged${filter} { run { id } } }`;
      const watched = live.subscribe(filtered(`(filter: { ${argument}: "${id}" })`));
      const own = live.subscribe(filtered(''));
      await createTestRun(theirs.world);
      const ownRun = await createTestRun(mine.world);
      await waitFor('a change of one’s own', () => own.data.some(({ runChanged }) => runChanged.run.id === ownRun));
      expect(watched.data).toEqual([]);
    }
    await live.dispose();
  });

  test('is not told of by what its runs have left outside', async () => {
    const artifacts = (api: Client, id: string) =>
      api('query ($id: ID!) { run(id: $id) { artifacts { kind ... on BranchArtifact { url branch } } } }', { id });
    expect((await artifacts(mine.api, mine.things.Run)).data.run.artifacts).toEqual([
      { kind: 'BRANCH', url: '/x', branch: 'baton/x' },
    ]);
    expect((await artifacts(mine.api, theirs.things.Run)).data.run).toBeNull();
  });

  test('is not in a list', async () => {
    const { data } = await mine.api(
      '{ runs(first: 500) { edges { node { team { id } } } } environments { edges { node { team { id } } } } apiTokens { edges { node { id } } } }',
    );
    const teams = [...data.runs.edges, ...data.environments.edges].map((edge) => edge.node.team.id);
    expect(new Set(teams)).toEqual(new Set([mine.things.Team]));
    expect(JSON.stringify(data)).not.toContain(theirs.things.ApiToken);
  });
});

/** Everything of the team that asking could change. */
async function everythingOf({ world, things }: Side): Promise<unknown> {
  const rows = async (text: string) => (await world.journal.pool.query(text, [things.Team])).rows;
  return Promise.all([
    rows('SELECT r.id, r.version, h."lastSeq" FROM "Run" r JOIN "RunHead" h ON h."runId" = r.id WHERE "teamId" = $1 ORDER BY 1'),
    rows('SELECT id FROM "Environment" WHERE "teamId" = $1 ORDER BY 1'),
    rows('SELECT "userId", role FROM "Membership" WHERE "teamId" = $1 ORDER BY 1'),
    rows('SELECT id FROM "AuditEntry" WHERE "teamId" = $1 ORDER BY 1'),
    rows('SELECT id, "revokedAt" FROM "ApiToken" WHERE "userId" IN (SELECT "userId" FROM "Membership" WHERE "teamId" = $1)'),
  ]);
}

/** A call of each mutation that its scope alone would prevent. */
function callOf(name: string): (api: Client) => Promise<Told> {
  const place = Object.entries(places).find(([key]) => key.startsWith(`Mutation.${name}(`))?.[1];
  if (place) return (api) => place.ask(api, mine.things[place.kind]);
  const others: Record<string, (api: Client) => Promise<Told>> = {
    createApiToken: (api) => mutation(api, 'createApiToken', { clientKey: clientKey(), name: 'x', scopes: [] }),
    createTeam: (api) => mutation(api, 'createTeam', { clientKey: clientKey(), name: clientKey() }),
    createSignInLink: async (api) => toldOf(await api('mutation { createSignInLink { url } }')),
  };
  const call = others[name];
  if (!call) throw new Error(`${name} has no call in this file`);
  return call;
}

describe('a token', () => {
  test.each(mutations.map(({ name, extensions }) => [name, extensions] as const))(
    'without its scope is refused by %s, in a typed way',
    async (name, extensions) => {
      const options = extensions['pothosOptions'] as { authScopes?: { scope?: string } };
      const scope = options.authScopes?.scope;
      expect(tokenScopes).toContain(scope);
      const others = tokenScopes.filter((other) => other !== scope);
      const narrow = client(gateway.url, await createToken(mine.world.journal, mine.world.userId, others));
      expect(await callOf(name)(narrow)).toBe('FORBIDDEN');
    },
  );

  test('has a place for the refusal in the union of every mutation that has one', () => {
    const without = mutations
      .map(({ name, type }) => ({ name, type: getNamedType(type) }))
      .filter(({ type }) => isUnionType(type) && !type.getTypes().some((member) => member.name === 'ForbiddenError'));
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  test('that only reads shows in a run that nothing may be done', async () => {
    const reader = client(gateway.url, await createToken(mine.world.journal, mine.world.userId, ['READ']));
    const { data } = await reader(
      'query ($id: ID!) { run(id: $id) { viewerCan { followUp { allowed code } cancel { allowed } } } }',
      {
        id: mine.endedRun,
      },
    );
    expect(data.run.viewerCan).toEqual({ followUp: { allowed: false, code: 'FORBIDDEN' }, cancel: { allowed: false } });
  });
});
