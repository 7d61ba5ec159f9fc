import pg from 'pg';

/** Opens one connection, runs `work` with it, and closes it. Times are in UTC. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, options: '-c TimeZone=UTC' });
  // Without a listener a connection that is lost ends the process; the query that waits fails by itself.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Why a database can't be used, or null when it can. */
export async function whyUnreachable(url: string): Promise<string | null> {
  try {
    await withClient(url, (client) => client.query('SELECT 1'));
    return null;
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return message || code || 'no answer';
  }
}
