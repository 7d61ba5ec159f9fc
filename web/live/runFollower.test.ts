import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TranscriptSubscription } from '../generated/operations.ts';
import { emptyTranscript, type Transcript } from '../run/model/transcript.ts';
import { extend, transcriptOf } from '../run/model/extend.ts';
import { connect, loadPageFrom, transcriptQuery } from '../test/liveClient.ts';
import { LogWriter } from '../test/logWriter.ts';
import { StandIn } from '../test/standIn.ts';
import type { StandInRun } from '../test/standInRun.ts';
import { StandInWorker } from '../test/standInWorker.ts';
import { until } from '../test/until.ts';
import type { Feed } from './connection.ts';
import { RunFollower, type FollowerState } from './runFollower.ts';

let standIn: StandIn;
let url: string;
const ends: (() => void)[] = [];

beforeEach(async () => {
  standIn = new StandIn(null);
  url = await standIn.listen();
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await standIn.close();
});

/** A run whose script has printed so many lines. */
function running(lines: number): { run: StandInRun; worker: StandInWorker; item: string } {
  const run = standIn.world.addRun({ title: 'Count' });
  const worker = new StandInWorker(standIn.world, run);
  worker.message('count');
  worker.start();
  const item = worker.itemStart({ title: 'count' });
  for (let line = 0; line < lines; line += 1) worker.itemChunk(item, `${line}\n`);
  return { run, worker, item };
}

function follow(runId: string, pageSize = 20) {
  const { connection } = connect(url);
  const states: FollowerState[] = [];
  let transcript: Transcript = emptyTranscript;
  const follower: RunFollower = new RunFollower({
    runId,
    query: transcriptQuery,
    connection,
    loadPage: loadPageFrom(url, runId, pageSize),
    onEvents: (events, how) => (transcript = how === 'APPEND' ? extend(transcript, events) : transcriptOf(events)),
    onState: (state) => states.push(state),
  });
  ends.push(() => {
    follower.stop();
    connection.dispose();
  });
  const output = (): string =>
    follower.log.events.map((event) => (event.__typename === 'ItemChunkEvent' ? event.text : '')).join('');
  return { follower, connection, states, output, transcript: () => transcript };
}

const live = (states: readonly FollowerState[]) => until(() => expect(states.at(-1)?.kind).toBe('LIVE'));
const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, index) => `${from + index}\n`).join('');

describe('a follower of a run', () => {
  test('opens at the end of a long log and loads what came before when it is asked', async () => {
    const { run } = running(300);
    const view = follow(run.id);
    await live(view.states);
    expect(view.follower.log.first).toBe(run.log.length - 19);
    expect(standIn.asked).toEqual([run.log.length]);
    while (view.follower.hasOlder) await view.follower.loadOlder();
    expect(view.follower.log.first).toBe(1);
    expect(view.output()).toBe(lines(0, 300));
    expect(view.transcript()).toEqual(transcriptOf(view.follower.log.events));
    expect(await view.follower.loadOlder()).toBe(false);
  });

  test('resumes after every drop with its cursor: nothing is lost, nothing comes twice', async () => {
    const { run, worker, item } = running(5);
    const view = follow(run.id);
    await live(view.states);
    for (let line = 5; line < 125; line += 1) {
      worker.itemChunk(item, `${line}\n`);
      if (line % 20 === 10) {
        const before = standIn.asked.length;
        standIn.dropSockets();
        await until(() => expect(standIn.asked.length).toBeGreaterThan(before));
      }
    }
    await until(() => expect(view.output()).toBe(lines(0, 125)));
    expect(view.follower.log.cursor).toBe(run.log.length);
    expect(standIn.asked.length).toBeGreaterThan(3);
    expect(standIn.asked).toEqual([...standIn.asked].sort((a, b) => a - b));
    expect(view.states.some(({ kind }) => kind === 'CATCHING_UP')).toBe(true);
  });

  test('goes on with the next session of a run that had ended', async () => {
    const { run, worker, item } = running(3);
    worker.itemEnd(item);
    worker.endTurn();
    worker.close();
    const view = follow(run.id);
    await live(view.states);
    worker.followUp('again');
    worker.start();
    await until(() => expect(view.transcript().sections.map(({ id }) => id)).toEqual(['s0', 's1', 's2']));
  });

  test('opens the run again when its cursor cannot be served, and gives up when that does not help', async () => {
    const { run, worker, item } = running(30);
    const view = follow(run.id);
    await live(view.states);
    standIn.cut = true;
    standIn.dropSockets();
    await until(() => expect(view.states.at(-1)).toEqual({ kind: 'CURSOR_NOT_SERVABLE', after: run.log.length }));
    expect(view.states.filter(({ kind }) => kind === 'LOADING').length).toBe(2);
    standIn.cut = false;
    worker.itemChunk(item, '30\n');
    await view.follower.open();
    await live(view.states);
    expect(view.follower.log.cursor).toBe(run.log.length);
  });

  test('says that there is no such run, and asks no more', async () => {
    const view = follow('run_00000000000000000000000000');
    await until(() => expect(view.states.at(-1)).toEqual({ kind: 'NOT_FOUND' }));
    expect(standIn.asked).toEqual([]);
  });

  test('asks from its cursor again when the stream leaves something out, three times at most', async () => {
    const log = new LogWriter();
    for (let n = 0; n < 6; n += 1) log.add({ __typename: 'ItemChunkEvent', itemId: 'a', stream: 'STDOUT', text: `${n} ` });
    const states: FollowerState[] = [];
    const asked: unknown[] = [];
    let feed: Feed<TranscriptSubscription> | undefined;
    const follower = new RunFollower({
      runId: 'run_1',
      query: '',
      connection: {
        state: { kind: 'LIVE' },
        onState: () => () => true,
        follow: (wanted) => {
          feed = wanted as unknown as Feed<TranscriptSubscription>;
          return { restart: () => asked.push(feed?.variables()), stop: () => {} };
        },
      },
      loadPage: () => Promise.resolve({ events: log.events.slice(0, 2), hasPreviousPage: false }),
      onEvents: () => {},
      onState: (state) => states.push(state),
    });
    await until(() => expect(feed).toBeDefined());
    const send = (events: typeof log.events) =>
      feed?.next({ transcript: { __typename: 'TranscriptBatch', events, lastSeq: events.at(-1)?.seq ?? 0, live: true } });
    send(log.events.slice(3));
    expect(asked).toEqual([{ runId: 'run_1', after: 2 }]);
    send(log.events.slice(2, 4));
    expect(follower.log.cursor).toBe(4);
    for (let n = 0; n < 3; n += 1) send(log.events.slice(5));
    expect(states.at(-1)).toMatchObject({ kind: 'FAILED' });
  });
});
