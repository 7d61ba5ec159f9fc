import type { Registry } from 'prom-client';
import { readGauges } from './readGauge.ts';

/** A pool of connections, as `pg` has it. */
export interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Shows a pool's connections, and who waits for one. */
export function poolGauge(registry: Registry, pool: Pool): void {
  const help = 'Connections to PostgreSQL that are open, those of them that are idle, and requests that wait for one.';
  readGauges(
    registry,
    { name: 'baton_postgres_pool', help, label: 'is', values: ['open', 'idle', 'awaited'] },
    () =>
      new Map([
        ['open', pool.totalCount],
        ['idle', pool.idleCount],
        ['awaited', pool.waitingCount],
      ]),
  );
}
