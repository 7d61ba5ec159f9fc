import type pg from 'pg';
import type { EnvironmentId, TeamId } from '../domain/ids.ts';
import type { Acting } from '../domain/person.ts';
import { secretBytes, secretLimits, type NewSecret, type SecretUse } from '../domain/secret.ts';
import { admitting, keyOf, Refused, type Admitted, type ClientKey } from './admitting.ts';
import { audit } from './audit.ts';
import { Json } from './columns.ts';
import { claimKey, storeResult } from './idempotency.ts';
import type { Journal } from './journal.ts';
import type { SealedSecret, SecretBox } from './secretBox.ts';
import { inTransaction } from './transact.ts';

/** Of which environment. */
export interface OfEnvironment {
  readonly environmentId: EnvironmentId;
  readonly teamId: TeamId;
}

interface Found {
  readonly name: string;
  readonly use: SecretUse;
  readonly host: string | null;
  readonly bytes: number;
}

/** Sets a secret, anew or in place of the one of that name; refuses what would be too much, or a second one for a host. */
export function setSecret(
  journal: Journal,
  box: SecretBox,
  by: Acting,
  clientKey: ClientKey,
  { environmentId, teamId }: OfEnvironment,
  secret: NewSecret,
): Promise<Admitted<{ name: string }>> {
  const body = { environmentId, ...secret, value: box.digest(secret.value) };
  const key = keyOf('setEnvironmentSecret', clientKey, body);
  return admitting(async () => {
    const value = await inTransaction(journal.pool, async (client) => {
      const earlier = await claimKey<{ name: string }>(client, key);
      if (earlier) return earlier;
      const environment = await lockEnvironment(client, environmentId);
      const { rows } = await client.query<Found>(
        'SELECT name, use, host, bytes FROM "EnvironmentSecret" WHERE "environmentId" = $1',
        [environmentId],
      );
      const isNew = !rows.some(({ name }) => name === secret.name);
      refuseBeside(
        secret,
        rows.filter(({ name }) => name !== secret.name),
      );
      await writeSecret(client, by, environmentId, secret, box.seal({ environmentId, name: secret.name }, secret.value));
      const detail = `${secret.name}, ${secret.use}${secret.host === null ? '' : ` for ${secret.host}`}${isNew ? '' : ', replaced'}`;
      await audit(client, teamId, { by, action: 'SECRET_SET', target: environment, detail });
      await storeResult(client, key, { name: secret.name });
      return { name: secret.name };
    });
    return { ok: true, value, wake: false };
  });
}

/** Removes a secret; false when the environment has none of that name. */
export function removeSecret(
  journal: Journal,
  by: Acting,
  { environmentId, teamId }: OfEnvironment,
  name: string,
): Promise<boolean> {
  return inTransaction(journal.pool, async (client) => {
    const environment = await lockEnvironment(client, environmentId);
    const { rowCount } = await client.query('DELETE FROM "EnvironmentSecret" WHERE "environmentId" = $1 AND name = $2', [
      environmentId,
      name,
    ]);
    if (rowCount === 0) return false;
    await audit(client, teamId, { by, action: 'SECRET_REMOVED', target: environment, detail: name });
    return true;
  });
}

async function lockEnvironment(client: pg.PoolClient, id: EnvironmentId): Promise<{ id: string; name: string }> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM "Environment" WHERE id = $1 FOR NO KEY UPDATE', [id]);
  if (!rows[0]) throw new Error(`there is no environment ${id}`);
  return { id, name: rows[0].name };
}

function refuseBeside({ name, value, use, host }: NewSecret, others: readonly Found[]): void {
  const no = (field: string, message: string): never => {
    throw new Refused({ kind: 'INVALID_INPUT', field, message });
  };
  if (others.length >= secretLimits.perEnvironment)
    no('name', `The environment has ${others.length} secrets, which is the most. Remove one that is not needed any more.`);
  const bytes = others.reduce((sum, other) => sum + other.bytes, secretBytes(value));
  if (bytes > secretLimits.togetherBytes)
    no('value', 'The values of an environment’s secrets have at most 1 MiB together. Remove one that is not needed any more.');
  const sameHost = host !== null && others.find((other) => other.use === use && other.host === host);
  if (sameHost) no('host', `${sameHost.name} is for ${host} already. Replace that one, or remove it before you set ${name}.`);
}

async function writeSecret(
  client: pg.PoolClient,
  by: Acting,
  environmentId: EnvironmentId,
  { name, use, host, username, knownHosts, value }: NewSecret,
  { ciphertext, nonce, keyId }: SealedSecret,
): Promise<void> {
  await client.query(
    `INSERT INTO "EnvironmentSecret"
       ("environmentId", name, use, host, username, "knownHosts", ciphertext, nonce, "keyId", bytes, "createdBy")
     VALUES ($1, $2, $3::"SecretUse", $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT ("environmentId", name) DO UPDATE SET use = $3::"SecretUse", host = $4, username = $5, "knownHosts" = $6,
       ciphertext = $7, nonce = $8, "keyId" = $9, bytes = $10, "updatedAt" = now()`,
    [environmentId, name, use, host, username, knownHosts, ciphertext, nonce, keyId, secretBytes(value), new Json(by.actor).text],
  );
}

type SecretRow = Omit<NewSecret, 'value'> & SealedSecret;

/**
 * The environment's secrets, for a session that opens. `unreadable` names those that no key opens. Only workers ask; what
 * comes back is kept nowhere but in their memory.
 */
export async function readSecrets(
  journal: Journal,
  box: SecretBox,
  environmentId: EnvironmentId,
): Promise<{ readonly secrets: readonly NewSecret[]; readonly unreadable: readonly string[] }> {
  const { rows } = await journal.pool.query<SecretRow>(
    `UPDATE "EnvironmentSecret" SET "lastUsedAt" = now() WHERE "environmentId" = $1
     RETURNING name, use, host, username, "knownHosts", ciphertext, nonce, "keyId"`,
    [environmentId],
  );
  const opened = rows
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ ciphertext, nonce, keyId, ...row }) => ({
      ...row,
      value: box.open({ environmentId, name: row.name }, { ciphertext, nonce, keyId }),
    }));
  return {
    secrets: opened.flatMap(({ value, ...row }) => (value === null ? [] : [{ ...row, value }])),
    unreadable: opened.filter(({ value }) => value === null).map(({ name }) => name),
  };
}

/**
 * Seals anew what is sealed under a previous master key. Gives how many it sealed, and how many no
 * key opens.
 */
export async function resealSecrets(
  journal: Journal,
  box: SecretBox,
): Promise<{ readonly sealed: number; readonly unreadable: number }> {
  const { rows } = await journal.pool.query<SealedSecret & { environmentId: EnvironmentId; name: string }>(
    'SELECT "environmentId", name, ciphertext, nonce, "keyId" FROM "EnvironmentSecret" WHERE "keyId" <> $1',
    [box.keyId],
  );
  let sealed = 0;
  let unreadable = 0;
  for (const row of rows) {
    const value = box.open(row, row);
    if (value === null) {
      unreadable++;
      continue;
    }
    const { ciphertext, nonce, keyId } = box.seal(row, value);
    // Unless it was set again, or another gateway was faster.
    const { rowCount } = await journal.pool.query(
      `UPDATE "EnvironmentSecret" SET ciphertext = $4, nonce = $5, "keyId" = $6
       WHERE "environmentId" = $1 AND name = $2 AND nonce = $3`,
      [row.environmentId, row.name, row.nonce, ciphertext, nonce, keyId],
    );
    sealed += rowCount ?? 0;
  }
  return { sealed, unreadable };
}
