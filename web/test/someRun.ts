import type { RunRowFragment } from '../generated/operations.ts';

/** A run as a list shows it, for tests. */
export const someRun = (id: string, change: Partial<RunRowFragment> = {}): RunRowFragment => ({
  id,
  version: 1,
  title: `Run ${id}`,
  state: 'SUCCEEDED',
  waitingFor: null,
  cancelRequestedAt: null,
  failure: null,
  origin: 'MANUAL',
  harness: 'SCRIPT',
  creator: { id: 'usr_1', name: 'Mira Okafor' },
  team: { id: 'team_1', name: 'Platform' },
  environment: { id: 'env_1', name: 'payments-api' },
  sessions: [],
  activity: null,
  usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, inputTokens: 0, outputTokens: 0, costMicros: 0, models: [] },
  viewerCan: { answer: { allowed: false } },
  createdAt: '2026-01-05T09:00:00.000Z',
  lastActivityAt: '2026-01-05T09:00:00.000Z',
  endedAt: '2026-01-05T09:00:00.000Z',
  ...change,
});
