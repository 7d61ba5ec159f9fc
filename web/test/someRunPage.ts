import type { RunPageFragment } from '../generated/operations.ts';
import type { ShownSession } from '../run/sessionFacts.ts';

const yes = { allowed: true, reason: null, code: null };
const no = { allowed: false, reason: 'Not now.', code: 'RUN_NOT_LIVE' };

/** A run as its page has it, for tests: ended, one session, a snapshot. */
export const someRunPage = (change: Partial<RunPageFragment> = {}): RunPageFragment => ({
  id: 'run_1',
  version: 1,
  title: 'Retry webhook deliveries',
  state: 'SUCCEEDED',
  waitingFor: null,
  cancelRequestedAt: null,
  failure: null,
  origin: 'MANUAL',
  harness: 'SCRIPT',
  branch: 'baton/1',
  creator: { id: 'usr_1', name: 'Mira Okafor' },
  team: { id: 'team_1', name: 'Platform' },
  environment: { id: 'env_1', name: 'payments-api', repositories: [] },
  sessions: [],
  queuedMessages: [],
  returnedMessages: [],
  openPrompt: null,
  latestSnapshot: null,
  artifacts: [],
  exports: { jsonl: 'http://127.0.0.1/export/run_1.jsonl', markdown: 'http://127.0.0.1/export/run_1.md' },
  activity: null,
  usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, inputTokens: 0, outputTokens: 0, costMicros: 0, models: [] },
  viewerCan: { followUp: yes, continue: yes, cancel: yes, answer: no, endSession: no, interrupt: no, redact: yes, delete: yes },
  createdAt: '2026-01-05T09:00:00.000Z',
  lastActivityAt: '2026-01-05T09:10:00.000Z',
  endedAt: '2026-01-05T09:10:00.000Z',
  workflowId: 'run-1',
  ...change,
});

/** A session as it is shown, for tests: the first one, which succeeded. */
export const someShownSession = (change: Partial<ShownSession> = {}): ShownSession => ({
  ordinal: 1,
  id: 'ses_1',
  cause: 'START',
  harness: 'SCRIPT',
  state: 'ENDED',
  outcome: 'SUCCEEDED',
  failure: null,
  waiting: null,
  worker: 'eu-3',
  createdAt: '2026-01-05T09:00:00.000Z',
  startedAt: '2026-01-05T09:00:02.000Z',
  endedAt: '2026-01-05T09:10:00.000Z',
  usage: null,
  restoreReport: null,
  restoreFrom: null,
  restoredFrom: null,
  notRestored: null,
  snapshot: null,
  snapshotFailed: null,
  facts: null,
  ...change,
});
