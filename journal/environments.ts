import type { SecretFiles } from '../domain/declaration.ts';
import type { HarnessKind } from '../domain/harness.ts';
import type { EnvironmentId, TeamId } from '../domain/ids.ts';
import type { Permissions } from '../domain/permissions.ts';
import type { Acting } from '../domain/person.ts';
import { admitting, keyOf, Refused, type Admitted, type ClientKey } from './admitting.ts';
import { audit } from './audit.ts';
import { insertRow, Json } from './columns.ts';
import { claimKey, storeResult } from './idempotency.ts';
import type { Journal } from './journal.ts';
import { newId } from './newId.ts';
import type { EnvironmentRepository } from './readSession.ts';
import { inTransaction } from './transact.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const uniqueViolation = '23505';

export interface NewEnvironment {
  readonly teamId: TeamId;
  readonly name: string;
  readonly repositories: readonly EnvironmentRepository[];
  readonly setupCommands: readonly string[];
  readonly variables: readonly { readonly name: string; readonly value: string }[];
  readonly idleSeconds: number | null;
  readonly defaultHarness: HarnessKind;
  readonly permissions: Permissions;
  /** What snapshots take beyond git. */
  readonly declared: DeclaredBeyondGit;
}

export interface DeclaredBeyondGit {
  /** Paths outside repositories. */
  readonly outside: readonly string[];
  /** A script that prints such paths. */
  readonly outsideScript: string | null;
  /** What becomes of files that look like secrets. */
  readonly secretFiles: SecretFiles;
}

/** Creates an environment; refuses a name that the team has already. */
export function createEnvironment(
  journal: Journal,
  by: Acting,
  clientKey: ClientKey,
  environment: NewEnvironment,
): Promise<Admitted<{ environmentId: EnvironmentId }>> {
  const key = keyOf('createEnvironment', clientKey, environment);
  return admitting(async () => {
    const value = await inTransaction(journal.pool, async (client) => {
      const earlier = await claimKey<{ environmentId: EnvironmentId }>(client, key);
      if (earlier) return earlier;
      const { teamId, name, repositories, setupCommands, variables, idleSeconds, defaultHarness, permissions, declared } =
        environment;
      const environmentId = newId('env');
      await insertRow(client, 'Environment', {
        id: environmentId,
        teamId,
        name,
        repositories: new Json(repositories),
        variables: new Json(variables),
        idleSeconds,
        defaultHarness,
        permissions: permissions.mode,
      }).catch((error: { code?: string }) => {
        if (error.code !== uniqueViolation) throw error;
        throw new Refused({
          kind: 'INVALID_INPUT',
          field: 'name',
          message: `The team has an environment ${JSON.stringify(name)} already. Choose another name.`,
        });
      });
      await client.query('UPDATE "Environment" SET "setupCommands" = $2, "allowedCommands" = $3 WHERE id = $1', [
        environmentId,
        setupCommands,
        permissions.allowedCommands,
      ]);
      await client.query('UPDATE "Environment" SET outside = $2, "outsideScript" = $3, "secretFiles" = $4 WHERE id = $1', [
        environmentId,
        declared.outside,
        declared.outsideScript,
        declared.secretFiles,
      ]);
      await audit(client, teamId, { by, action: 'ENVIRONMENT_CREATED', target: { id: environmentId, name } });
      await storeResult(client, key, { environmentId });
      return { environmentId };
    });
    return { ok: true, value, wake: false };
  });
}
