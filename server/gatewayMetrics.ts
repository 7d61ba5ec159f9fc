import { Registry } from 'prom-client';
import { runStates, sessionStates } from '../domain/states.ts';
import type { Follower } from '../journal/follow.ts';
import { readGauges as readSystem, type Gauges } from '../journal/gauges.ts';
import type { Journal } from '../journal/journal.ts';
import { poolGauge } from '../telemetry/poolGauge.ts';
import { readGauge, readGauges } from '../telemetry/readGauge.ts';
import type { RunChanges } from './live/runChanges.ts';

/** How long what was read of the whole system stands, in milliseconds: one scrape reads it once. */
const standsMs = 1_000;

export interface Watched {
  readonly journal: Journal;
  readonly follower: Follower;
  readonly runChanges: RunChanges;
}

/** What a gateway shows Prometheus of itself and, read from the database, of the whole system. */
export function gatewayMetrics({ journal, follower, runChanges }: Watched): Registry {
  const registry = new Registry();
  poolGauge(registry, journal.pool);
  readGauges(
    registry,
    {
      name: 'baton_subscribers',
      help: 'Subscriptions of this gateway, by what they follow.',
      label: 'to',
      values: ['transcript', 'runChanged'],
    },
    () =>
      new Map([
        ['transcript', follower.subscribers],
        ['runChanged', runChanges.size],
      ]),
  );
  readGauge(registry, 'baton_followed_runs', 'Runs whose log this gateway follows.', () => follower.size);
  systemGauges(
    registry,
    lately(() => readSystem(journal)),
  );
  return registry;
}

function systemGauges(registry: Registry, read: () => Promise<Gauges>): void {
  const runs = { name: 'baton_runs', help: 'Runs of the whole system.', label: 'state', values: runStates };
  readGauges(registry, runs, async () => (await read()).runs);
  const open = sessionStates.filter((state) => state !== 'ENDED');
  const sessions = {
    name: 'baton_sessions',
    help: 'Sessions of the whole system that have not ended.',
    label: 'state',
    values: open,
  };
  readGauges(registry, sessions, async () => (await read()).sessions);
  const single = (name: string, help: string, of: (gauges: Gauges) => number) =>
    readGauge(registry, name, help, async () => of(await read()));
  single('baton_prompts_waiting', 'Questions to people without an answer.', ({ prompts }) => prompts.count);
  single('baton_prompts_oldest_seconds', 'Age of the oldest of them.', ({ prompts }) => prompts.oldestSeconds);
  single('baton_intents_waiting', 'Runs with work that no workflow has taken.', ({ intents }) => intents.count);
  single('baton_intents_oldest_seconds', 'Since when the oldest of them waits.', ({ intents }) => intents.oldestSeconds);
}

/** Reads once for all who ask at about the same time. */
function lately<T>(read: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | null = null;
  return () => {
    if (!last || performance.now() - last.at > standsMs) last = { at: performance.now(), value: read() };
    return last.value;
  };
}
