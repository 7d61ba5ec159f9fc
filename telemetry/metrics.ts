import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** What this process counts, in Prometheus' words. What is read when asked for has a registry with its owner. */
export const counted = new Registry();
collectDefaultMetrics({ register: counted });
const registers = [counted];

export const appends = new Counter({ name: 'baton_appends_total', help: 'Commits to logs of runs.', registers });

export const appendedEvents = new Counter({
  name: 'baton_appended_events_total',
  help: 'Events appended to logs of runs.',
  registers,
});

export const deliveries = new Counter({
  name: 'baton_deliveries_total',
  help: 'Events handed to subscribers of transcripts.',
  registers,
});

export const deliveryLag = new Histogram({
  name: 'baton_delivery_lag_seconds',
  help: 'From the commit of an event, by the clock of the database, to its subscriber, by the clock of the gateway.',
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  registers,
});

export const captures = new Counter({
  name: 'baton_captures_total',
  help: 'Captures of workspaces that came to an end, by how.',
  labelNames: ['kind', 'outcome'],
  registers,
});

export const captureSeconds = new Histogram({
  name: 'baton_capture_seconds',
  help: 'How long a capture of a workspace took, with its retries.',
  labelNames: ['kind'],
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180],
  registers,
});

export const captureBytes = new Counter({
  name: 'baton_capture_bytes_total',
  help: 'Bytes that captured workspaces refer to, before compression.',
  registers,
});

export const captureStoredBytes = new Counter({
  name: 'baton_capture_stored_bytes_total',
  help: 'Bytes that captures added to the blob store, as stored.',
  registers,
});

export const handoffSeconds = new Histogram({
  name: 'baton_handoff_seconds',
  help: 'From the opening of a session in the log to the start of its agent, by what the session was opened for.',
  labelNames: ['cause'],
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  registers,
});
