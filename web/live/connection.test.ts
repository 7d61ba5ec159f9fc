import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../test/liveClient.ts';
import { StandIn } from '../test/standIn.ts';
import { until } from '../test/until.ts';
import type { Connection } from './connection.ts';

let standIn: StandIn;
let url: string;
const open: Connection[] = [];

beforeEach(async () => {
  standIn = new StandIn(null);
  url = await standIn.listen();
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.dispose();
  await standIn.close();
});

/** Follows `runChanged`, and counts what it is told. */
function follow(verify?: () => Promise<boolean>) {
  const { connection, states } = connect(url, verify);
  open.push(connection);
  const titles: string[] = [];
  const refusals: string[] = [];
  const handle = connection.follow<{ runChanged: { run: { title: string } } }>({
    query: 'subscription { runChanged { version run { title } } }',
    variables: () => ({}),
    next: ({ runChanged }) => titles.push(runChanged.run.title),
    refused: (message) => refusals.push(message),
  });
  return { connection, states, titles, refusals, handle };
}

const told = (titles: readonly string[], title: string) =>
  until(() => {
    // The subscription may not stand yet when the run changes: change it until it is told.
    standIn.world.addRun({ title });
    expect(titles).toContain(title);
  });

describe('the live connection', () => {
  test('connects again by itself after a drop, and asks anew', async () => {
    const feed = follow();
    await told(feed.titles, 'before');
    standIn.dropSockets();
    await until(() => expect(feed.connection.state.kind).toBe('LIVE'));
    await told(feed.titles, 'after');
    expect(feed.states).toEqual(['LIVE', 'RECONNECTING', 'LIVE']);
  });

  test('keeps trying while the gateway is away, and goes on when it is back', async () => {
    const feed = follow();
    await told(feed.titles, 'before');
    standIn.away = true;
    standIn.dropSockets();
    await until(() => expect(standIn.attempts).toBeGreaterThan(3));
    expect(feed.connection.state.kind).toBe('RECONNECTING');
    standIn.away = false;
    await told(feed.titles, 'after');
  });

  test.each([1001, 1011, 1012, 4408, 4500])('connects again after close code %i', async (code) => {
    const feed = follow();
    await told(feed.titles, 'before');
    standIn.closeSockets(code);
    await until(() => expect(feed.states).toEqual(['LIVE', 'RECONNECTING', 'LIVE']));
  });

  test('stops for good when the sign-in is missing', async () => {
    standIn.signedOut = true;
    const feed = follow();
    await until(() => expect(feed.connection.state).toEqual({ kind: 'SIGNED_OUT' }));
    standIn.signedOut = false;
    feed.connection.tryNow();
    expect(feed.states).toEqual(['SIGNED_OUT']);
    expect(standIn.attempts).toBe(1);
  });

  test('asks over HTTP after a change of rights: connects again with a sign-in, stops without one', async () => {
    let signedIn = true;
    const feed = follow(() => Promise.resolve(signedIn));
    await told(feed.titles, 'before');
    standIn.closeSockets(4403);
    await told(feed.titles, 'after');
    signedIn = false;
    standIn.closeSockets(4403);
    await until(() => expect(feed.connection.state).toEqual({ kind: 'SIGNED_OUT' }));
  });

  test.each([4400, 4406, 4409, 4429])('stops after close code %i, which is a defect of the client', async (code) => {
    const feed = follow();
    await told(feed.titles, 'before');
    standIn.closeSockets(code);
    await until(() => expect(feed.connection.state).toEqual({ kind: 'STOPPED', code }));
  });

  test('tells a feed that its operation was refused, and does not ask again', async () => {
    const { connection } = follow();
    const refusals: string[] = [];
    connection.follow({
      query: 'subscription { nonsense }',
      variables: () => ({}),
      next: () => {},
      refused: (message) => refusals.push(message),
    });
    await until(() => expect(refusals).toEqual(['Cannot query field "nonsense" on type "Subscription".']));
    expect(connection.state.kind).toBe('LIVE');
  });
});
