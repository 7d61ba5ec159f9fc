import path from 'node:path';
import type { Gateway } from '../../server/gateway.ts';
import type { BatonWorker } from '../../workflows/worker.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import {
  client,
  createToken,
  removeSettings,
  startTestGateway,
  testSettings,
  type Client,
  type TestSettings,
} from './gateway.ts';
import { createWorld, openTestJournal, type World } from './journal.ts';
import { createRepository } from './repository.ts';
import { waitFor } from './waitFor.ts';
import { startTestWorker } from './worker.ts';

// The shape of what a test asks for is the test's own.
// oxlint-disable-next-line typescript/no-explicit-any
export type Shown = any;

/** A whole system in this process: gateway, workers, database, Temporal, with one person, team and repository. */
export interface TestSystem {
  readonly settings: TestSettings;
  readonly gateway: Gateway;
  readonly world: World;
  readonly token: string;
  readonly api: Client;
  /** The address of a repository with one commit. */
  readonly repository: string;
  startWorker(more?: Record<string, string>): Promise<BatonWorker>;
  /** Asks the API and gives the data; throws on errors. */
  ask(query: string, variables?: Record<string, unknown>): Promise<Shown>;
  /** Carries a mutation out and gives its payload; throws on a refusal. */
  mutate(name: string, input: object, fields?: string): Promise<Shown>;
  createEnvironment(more?: object): Promise<string>;
  createRun(environmentId: string, text: string, more?: object): Promise<string>;
  /** Asks for the run's fields until `done` says so, and gives them. */
  runUntil(runId: string, fields: string, done: (run: Shown) => boolean, withinMs?: number): Promise<Shown>;
  /** All of the run's log. */
  transcript(runId: string): Promise<Shown[]>;
  stop(): Promise<void>;
}

export const ended = ({ state }: Shown): boolean => ['SUCCEEDED', 'FAILED', 'CANCELED'].includes(state);

/** Starts one on a database of its own, or on the one that `more` names, which is left as it is. */
export async function startTestSystem(more: Record<string, string> = {}): Promise<TestSystem> {
  const database: Pick<TestDatabase, 'url' | 'drop'> =
    more['DATABASE_URL'] === undefined ? await createTestDatabase() : { url: more['DATABASE_URL'], drop: async () => {} };
  const settings = await testSettings(database.url, more);
  const gateway = await startTestGateway(settings);
  const world = await createWorld(openTestJournal(database.url));
  const token = await createToken(world.journal, world.userId);
  const api = client(gateway.url, token);
  const repository = createRepository(path.join(settings.directory, 'repository'));
  const workers: BatonWorker[] = [];
  let names = 0;

  const ask = async (query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await api(query, variables);
    if (errors) throw new Error(`the API answered: ${JSON.stringify(errors)}`);
    return data;
  };
  const mutate = async (name: string, input: object, fields = '__typename') => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const data = await ask(
      `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on Error { message code } ... on ${type}Payload { ${fields} } } }`,
      { input },
    );
    if (data[name].code) throw new Error(`${name} was refused: ${data[name].code}: ${data[name].message}`);
    return data[name];
  };

  return {
    settings,
    gateway,
    world,
    token,
    api,
    repository,
    ask,
    mutate,
    startWorker: async (settingsOfWorker = {}) => {
      const worker = await startTestWorker(settings, { BATON_WORKER_NAME: `worker-${workers.length + 1}`, ...settingsOfWorker });
      workers.push(worker);
      return worker;
    },
    createEnvironment: async (input = {}) => {
      const name = `environment-${++names}`;
      const created = await mutate(
        'createEnvironment',
        { clientKey: name, name, repositories: [{ url: repository }], ...input },
        'environment { id }',
      );
      return created.environment.id;
    },
    createRun: async (environmentId, text, input = {}) => {
      const created = await mutate('createRun', { clientKey: `run-${++names}`, environmentId, text, ...input }, 'run { id }');
      return created.run.id;
    },
    runUntil: (runId, fields, done, withinMs = 20_000) =>
      waitFor(
        `the run to be as expected: ${done.toString()}`,
        async () => {
          const { run } = await ask(`query ($id: ID!) { run(id: $id) { state ${fields} } }`, { id: runId });
          return done(run) ? run : null;
        },
        withinMs,
      ),
    transcript: async (runId) => {
      const { run } = await ask(
        `query ($id: ID!) { run(id: $id) { transcript(first: 1000) { edges { node { __typename seq sessionOrdinal at
           ... on ItemStartedEvent { kind title } ... on ItemChunkEvent { text } ... on ItemEndedEvent { status exitCode }
           ... on NoticeEvent { level code message } ... on SessionStateChangedEvent { sessionTo: to outcome failure { code } }
           ... on RunStateChangedEvent { runTo: to } ... on TurnEndedEvent { turn turnReason: reason } ... on FilesChangedEvent { count files { path status } }
           ... on MessageReturnedEvent { reason } ... on WorkspaceRestoredEvent { report { exact applied notApplied } }
           ... on SessionWaitingEvent { waiting { for detail } } ... on SessionOpenedEvent { ordinal cause } } } } } }`,
        { id: runId },
      );
      return run.transcript.edges.map((edge: { node: Shown }) => edge.node);
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await gateway.stop();
      await world.journal.close();
      await removeSettings(settings);
      await database.drop();
    },
  };
}
