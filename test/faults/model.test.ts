import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startPart, type Part } from '../support/part.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../support/system.ts';
import { expectTrueLog } from '../support/truth.ts';
import { waitFor } from '../support/waitFor.ts';

/** What a run must be, by the tables of the design. Each command waits until the run has come to rest in one of these. */
interface Model {
  state: 'none' | 'IDLE' | 'BLOCKED' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  /** What the workspace's book must say at the end. */
  book: string[];
  /** The entry that the turn in flight has made, of which no snapshot knows. */
  unsaved: string | null;
  messages: number;
}

interface Real {
  readonly system: TestSystem;
  readonly environmentId: string;
  worker: Part;
  runId: string;
}

type Kind = 'ok' | 'fail' | 'ask';
type Step = fc.AsyncCommand<Model, Real>;

const script = (name: string, kind: Kind): string =>
  `echo ${name} >> book.txt; ` + { ok: 'true', fail: 'exit 3', ask: 'ask "Go on?" --option yes=Yes' }[kind];

/** The run as a person sees it, at rest. */
const atRest = ({ system, runId }: Real): Promise<Shown> =>
  waitFor(
    'the run to come to rest',
    async () => {
      const fields = 'state lastSeq openPrompt { id } liveSession { state } failure { code }';
      const { run } = await system.ask(`query ($id: ID!) { run(id: $id) { ${fields} } }`, { id: runId });
      const resting = run.liveSession ? ['IDLE', 'BLOCKED'].includes(run.liveSession.state) : ended(run);
      return resting ? run : null;
    },
    90_000,
  );

async function expectSame(model: Model, real: Real): Promise<void> {
  const run = await atRest(real);
  expect(run.state === 'IN_PROGRESS' ? run.liveSession.state : run.state).toBe(model.state);
  await expectTrueLog(real.system.world.journal, real.runId);
}

/** The code of the refusal, or null when it was accepted. */
async function codeOf({ system }: Real, name: string, input: object): Promise<string | null> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on Error { code } } }`;
  const data = await system.ask(query, { input });
  return data[name].code ?? null;
}

function begin(model: Model, name: string, kind: Kind): void {
  model.messages++;
  if (kind === 'ask') model.unsaved = name;
  else model.book.push(name);
  model.state = ({ ok: 'IDLE', fail: 'FAILED', ask: 'BLOCKED' } as const)[kind];
}

const exists = (model: Readonly<Model>) => model.state !== 'none';

const create = (kind: Kind): Step => ({
  check: (model) => !exists(model),
  run: async (model, real) => {
    real.runId = await real.system.createRun(real.environmentId, script('m0', kind), { idleSeconds: 600 });
    begin(model, 'm0', kind);
    await expectSame(model, real);
  },
  toString: () => `create(${kind})`,
});

const followUp = (kind: Kind): Step => ({
  check: exists,
  run: async (model, real) => {
    const name = `m${model.messages}`;
    const before = await atRest(real);
    const code = await codeOf(real, 'sendFollowUp', { clientKey: name, runId: real.runId, text: script(name, kind) });
    expect(code).toBe(model.state === 'BLOCKED' ? 'RUN_BLOCKED' : null);
    if (code === null) {
      begin(model, name, kind);
      await waitFor('the message to be taken', async () => (await atRest(real)).lastSeq > before.lastSeq + 2, 90_000);
    }
    await expectSame(model, real);
  },
  toString: () => `followUp(${kind})`,
});

let asked = 'prm_01h455vb4pex5vsknk084sn02q';
const answer: Step = {
  check: exists,
  run: async (model, real) => {
    const { openPrompt, lastSeq } = await atRest(real);
    if (openPrompt) asked = openPrompt.id;
    const code = await codeOf(real, 'answerPrompt', { promptId: asked, optionId: 'yes' });
    expect(code === null).toBe(model.state === 'BLOCKED');
    if (code === null) {
      model.book.push(model.unsaved as string);
      model.unsaved = null;
      model.state = 'IDLE';
      await waitFor('the answer to be taken', async () => (await atRest(real)).lastSeq > lastSeq + 2, 90_000);
    }
    await expectSame(model, real);
  },
  toString: () => 'answer',
};

const cancel: Step = {
  check: exists,
  run: async (model, real) => {
    await codeOf(real, 'cancelRun', { runId: real.runId });
    if (model.state === 'IDLE' || model.state === 'BLOCKED') {
      // What was done so far is kept.
      if (model.unsaved !== null) model.book.push(model.unsaved);
      model.unsaved = null;
      model.state = 'CANCELED';
      await waitFor('the run to be over', async () => (await atRest(real)).liveSession === null, 90_000);
    }
    await expectSame(model, real);
  },
  toString: () => 'cancel',
};

const endSession: Step = {
  check: (model) => model.state === 'IDLE',
  run: async (model, real) => {
    expect(await codeOf(real, 'endSession', { runId: real.runId })).toBeNull();
    model.state = 'SUCCEEDED';
    await waitFor('the run to be over', async () => (await atRest(real)).liveSession === null, 90_000);
    await expectSame(model, real);
  },
  toString: () => 'endSession',
};

const crash: Step = {
  check: exists,
  run: async (model, real) => {
    await real.worker.kill('SIGKILL');
    real.worker = await startPart('worker', real.system.settings);
    if (model.state === 'IDLE' || model.state === 'BLOCKED') {
      // A turn that had ended is in a checkpoint; the one in flight is lost, and no script is run twice by itself.
      model.state = model.state === 'IDLE' ? 'SUCCEEDED' : 'FAILED';
      model.unsaved = null;
      await waitFor('the session to be lost', async () => (await atRest(real)).liveSession === null, 90_000);
    }
    await expectSame(model, real);
  },
  toString: () => 'crash',
};

const kinds: Kind[] = ['ok', 'fail', 'ask'];
const commands = fc
  .tuple(
    fc.constantFrom(...kinds.map(create)),
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...kinds.map(followUp)) },
        fc.constantFrom(answer, cancel, endSession, crash),
      ),
      {
        minLength: 6,
        maxLength: 9,
      },
    ),
  )
  .map(([first, rest]) => [first, ...rest]);

const seed = Date.now() % 1_000_000;

test.concurrent.each(fc.sample(commands, { numRuns: 5, seed }).map((steps) => [steps.join(', '), steps] as const))(
  `a run is what the tables say (seed ${seed}): %s`,
  { timeout: 400_000 },
  async (_, steps) => {
    const system = await startTestSystem();
    const environmentId = await system.createEnvironment();
    const real: Real = { system, environmentId, worker: await startPart('worker', system.settings), runId: '' };
    const model: Model = { state: 'none', book: [], unsaved: null, messages: 0 };
    try {
      for (const step of steps) if (await step.check(model)) await step.run(model, real);
      if (model.state === 'BLOCKED') await answer.run(model, real);
      await system.mutate('sendFollowUp', { clientKey: 'book', runId: real.runId, text: 'cat book.txt; echo end' });
      const output = await waitFor(
        'the book',
        async () => {
          const events = await system.transcript(real.runId);
          const turn = events.findLastIndex(({ __typename }) => __typename === 'TurnStartedEvent');
          const text = events
            .slice(turn)
            .map((event) => event.text ?? '')
            .join('');
          return text.endsWith('end\n') ? text : null;
        },
        60_000,
      );
      expect(output.split('\n').slice(0, -2)).toEqual(model.book);
    } finally {
      await real.worker.kill();
      await system.stop();
    }
  },
);
