import { Registry } from 'prom-client';
import { poolGauge, type Pool } from '../telemetry/poolGauge.ts';
import { readGauge } from '../telemetry/readGauge.ts';

export interface Watched {
  readonly pool: Pool;
  readonly sessions: { readonly size: number };
  readonly capacity: number;
}

/** What a worker shows Prometheus of itself. */
export function workerMetrics({ pool, sessions, capacity }: Watched): Registry {
  const registry = new Registry();
  poolGauge(registry, pool);
  readGauge(registry, 'baton_worker_sessions', 'Sessions that this worker hosts.', () => sessions.size);
  readGauge(registry, 'baton_worker_capacity', 'Sessions that this worker hosts at most.', () => capacity);
  return registry;
}
