import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { inject } from 'vitest';
import { gatewayConfig } from '../../config/gateway.ts';
import type { UserId } from '../../domain/ids.ts';
import { tokenScopes, type TokenScope } from '../../domain/person.ts';
import type { Journal } from '../../journal/journal.ts';
import { newId } from '../../journal/newId.ts';
import { hashSecret, newSecret } from '../../server/auth/secret.ts';
import { startGateway, type Gateway } from '../../server/gateway.ts';

/** Settings that gateways and workers of one test share. */
export interface TestSettings {
  readonly directory: string;
  readonly environment: Record<string, string>;
}

/** Settings for a system of a test's own: its database, a task queue and directories that nobody else has. */
export async function testSettings(databaseUrl: string, more: Record<string, string> = {}): Promise<TestSettings> {
  const directory = await mkdtemp(path.join(tmpdir(), 'baton-test-'));
  await writeFile(path.join(directory, 'index.html'), '<!doctype html><title>Baton</title>');
  return {
    directory,
    environment: {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      BATON_TASK_QUEUE: `test-${randomBytes(6).toString('hex')}`,
      BATON_BLOBS: path.join(directory, 'blobs'),
      BATON_MASTER_KEY: randomBytes(32).toString('base64'),
      BATON_WEB_ROOT: directory,
      BATON_WORKER_HOME: path.join(directory, 'worker'),
      BATON_ALLOW_LOCAL_REPOSITORIES: 'true',
      BATON_LOG_LEVEL: 'silent',
      PORT: '0',
      // Tests ask as one person what many would; those of limits set their own.
      BATON_OPERATIONS_PER_MINUTE: '1000000',
      BATON_OPERATIONS_AT_ONCE: '100000',
      BATON_SUBSCRIPTIONS_PER_VIEWER: '100000',
      BATON_SIGN_INS_PER_MINUTE: '1000000',
      BATON_SOCKETS_PER_VIEWER: '100000',
      ...more,
    },
  };
}

export const removeSettings = ({ directory }: TestSettings): Promise<void> => rm(directory, { recursive: true, force: true });

/** A gateway in this process. */
export function startTestGateway({ environment }: TestSettings, more: Record<string, string> = {}): Promise<Gateway> {
  const config = gatewayConfig({ ...environment, ...more });
  return startGateway(config, pino({ level: config.BATON_LOG_LEVEL }));
}

/** An API token of the user, for everything unless scopes are given. */
export async function createToken(
  journal: Journal,
  userId: UserId,
  scopes: readonly TokenScope[] = tokenScopes,
): Promise<string> {
  const token = newSecret('baton_token');
  await journal.pool.query(`INSERT INTO "ApiToken" (id, "userId", name, hash, scopes) VALUES ($1, $2, 'test', $3, $4)`, [
    newId('tok'),
    userId,
    Buffer.from(hashSecret(token)),
    scopes,
  ]);
  return token;
}

// A test reads answers of any shape; what it expects of them is what it asserts.
// oxlint-disable-next-line typescript/no-explicit-any
export type Answer = { data?: any; errors?: { message: string; extensions?: { code?: string } }[]; status: number };

/** A plain client of the API, as a script would be. */
export const client =
  (url: string, token: string | null) =>
  async (query: string, variables: Record<string, unknown> = {}): Promise<Answer> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  };

export type Client = ReturnType<typeof client>;
