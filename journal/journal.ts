import pg from 'pg';
import { Bell } from './bell.ts';
import type { Reached } from './faultPoints.ts';

/** The journal of one process: its connections to PostgreSQL, and the bell that wakes readers in all processes. */
export interface Journal {
  readonly pool: pg.Pool;
  readonly bell: Bell;
  /** Told before and after each step's commit. */
  readonly reached: Reached;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly databaseUrl: string;
  /** Named in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections at most; each transaction and each read holds one for its time. */
  readonly maxConnections?: number;
  /** Told of what went wrong in the background and was mended, such as a lost connection. */
  readonly onWarning: (message: string, error: unknown) => void;
  /** For fault tests. */
  readonly reached?: Reached;
}

/** Opens the journal. Connections are made when they are needed; a database that is down is an error of each call, not of this one. */
export function openJournal(options: JournalOptions): Journal {
  const { databaseUrl, applicationName, maxConnections = 10, onWarning, reached = () => {} } = options;
  const connection: pg.ClientConfig = {
    connectionString: databaseUrl,
    application_name: applicationName,
    options: '-c TimeZone=UTC',
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
  };
  const pool = new pg.Pool({ ...connection, max: maxConnections, idleTimeoutMillis: 60_000 });
  // Without a listener the loss of an idle connection would end the process; the pool replaces it by itself.
  pool.on('error', (error) => onWarning('an idle connection to PostgreSQL was lost', error));
  const bell = new Bell(connection, onWarning);
  return {
    pool,
    bell,
    reached,
    close: async () => {
      await bell.close();
      await pool.end();
    },
  };
}
