import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayClient } from '../../cli/gatewayClient.ts';
import type { RunId } from '../../domain/ids.ts';
import { appendChunks } from '../../journal/append.ts';
import { openJournal, type Journal } from '../../journal/journal.ts';
import { createTestRun, takeSession } from '../../test/support/journal.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { interleave, median, quantile, timed } from '../measure.ts';
import { createOwnersWorld } from '../parts/ownersWorld.ts';
import { withSystem, type BenchSystem } from '../parts/system.ts';
import { openBareViewer } from './bareViewer.ts';

/** From the call that appends one event until a viewer has it, against the least that could bring it there. */
export const latency: Bench = {
  name: 'latency',
  about: 'one event appended → seen by a subscriber over graphql-ws, against bare INSERT, NOTIFY, LISTEN and a WebSocket frame',
  deadlineMs: 3 * 60_000,
  run: (context) => withSystem(context.progress, (system) => measure(system, context)),
};

/** Longer than the wake-ups of one run are held together, as between two bursts of output. */
const pauseMs = 25;

async function measure({ client, databaseUrl }: BenchSystem, { signal, progress, quick }: BenchContext): Promise<Measured> {
  const journal = openJournal({ databaseUrl, applicationName: 'bench', onWarning: (message) => progress(message) });
  try {
    await using bare = await openBareViewer(databaseUrl);
    const viewer = await openViewer(client, journal);
    progress('measuring');
    const text = 'x'.repeat(100);
    const { ours, limit } = await interleave(quick ? 20 : 400, signal, {
      ours: () => delay(pauseMs).then(() => timed(() => viewer.send(text))),
      limit: () => delay(pauseMs).then(() => timed(() => bare.send(text))),
    });
    return {
      ours: median(ours),
      limit: median(limit),
      unit: 'ms',
      detail: { oursP99: quantile(ours, 0.99), limitP99: quantile(limit, 0.99) },
    };
  } finally {
    await journal.close();
  }
}

interface Viewer {
  /** Appends one event and resolves when the subscription has brought it. */
  send(text: string): Promise<void>;
}

const subscription = `subscription ($runId: ID!, $after: Int!) { transcript(runId: $runId, after: $after) {
  ... on TranscriptBatch { lastSeq events { __typename seq at ... on ItemChunkEvent { text } } } } }`;

/** A run of the local owner, whose session this process holds, and a subscription to its log. */
async function openViewer(client: GatewayClient, journal: Journal): Promise<Viewer> {
  const writer = await takeSession(journal, await createTestRun(await createOwnersWorld(client, journal)));
  let heard: () => void = () => {};
  const next = () =>
    new Promise<void>((resolve) => {
      heard = resolve;
    });
  const opened = next();
  void listen(client, writer.runId, () => heard());
  await opened;
  let n = 0;
  return {
    send: async (text) => {
      const seen = next();
      await appendChunks(journal, writer, [{ type: 'item.chunk', itemId: 'item', stream: 'STDOUT', text }], `bench/${++n}`);
      await seen;
    },
  };
}

async function listen(client: GatewayClient, runId: RunId, onBatch: () => void): Promise<void> {
  for await (const _ of client.subscribe(subscription, { runId, after: 0 })) onBatch();
}
