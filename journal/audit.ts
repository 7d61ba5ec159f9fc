import type pg from 'pg';
import type { AuditAction } from '../domain/audit.ts';
import type { TeamId, UserId } from '../domain/ids.ts';
import type { Acting } from '../domain/person.ts';
import { insertRow, Json } from './columns.ts';
import { newId } from './newId.ts';

/** What someone did, to what. */
export interface Act {
  readonly by: Acting;
  readonly action: AuditAction;
  readonly target: { readonly id: string; readonly name: string };
  readonly detail?: string;
}

/** Writes an act into the team's audit log, in the transaction that carries it out: neither is there without the other. */
export async function audit(client: pg.ClientBase, teamId: TeamId, { by, action, target, detail }: Act): Promise<void> {
  await insertRow(client, 'AuditEntry', {
    id: newId('aud'),
    teamId,
    actor: new Json(by.actor),
    actorId: by.actor.kind === 'USER' ? by.actor.userId : null,
    via: new Json(by.via ?? null),
    action,
    targetId: target.id,
    targetName: target.name,
    detail: detail ?? null,
  });
}

/** Writes an act that concerns a person's own account into the log of each of their teams. */
export async function auditAccount(client: pg.ClientBase, userId: UserId, act: Act): Promise<void> {
  const { rows } = await client.query<{ teamId: TeamId }>('SELECT "teamId" FROM "Membership" WHERE "userId" = $1 ORDER BY 1', [
    userId,
  ]);
  for (const { teamId } of rows) await audit(client, teamId, act);
}
