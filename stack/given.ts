import { whyUnreachable } from './postgres/connect.ts';
import { Problem } from './problem.ts';
import { connectTemporal } from './temporal/connect.ts';
import { registerSearchAttributes } from './temporal/register.ts';

const temporalWithinMs = 5_000;

/** Checks a database that was given by address, and gives its address without its password. */
export async function checkGivenDatabase(url: string): Promise<string> {
  const { host, pathname } = new URL(url);
  const reason = await whyUnreachable(url);
  if (reason === null) return `${host}${pathname}`;
  throw new Problem(
    `The database of DATABASE_URL (${host}${pathname}) can't be used: ${reason}\n` +
      'Start it, or correct the address; without DATABASE_URL Baton starts a database of its own.',
  );
}

/** Checks a Temporal frontend that was given by address, registers the search attributes, and gives the server's version. */
export async function checkGivenTemporal(address: string, namespace: string, signal: AbortSignal): Promise<string> {
  const connection = await connectTemporal(address, temporalWithinMs, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Problem(
      `The Temporal server of TEMPORAL_ADDRESS (${address}) does not answer: ${(error as Error).message}\n` +
        'Start it, or correct the address; without TEMPORAL_ADDRESS Baton starts a server of its own.',
      { cause: error },
    );
  });
  try {
    await registerSearchAttributes(connection, namespace);
    return (await connection.workflowService.getSystemInfo({})).serverVersion;
  } finally {
    await connection.close();
  }
}
