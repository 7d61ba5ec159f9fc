import type pg from 'pg';
import type { TeamId, UserId } from '../domain/ids.ts';
import { refuseLastAdmin, refuseManage, refuseRemove } from '../domain/membership.ts';
import type { Acting, Role } from '../domain/person.ts';
import type { Refusal } from '../domain/refusal.ts';
import { admitting, keyOf, Refused, type Admitted, type ClientKey } from './admitting.ts';
import { audit } from './audit.ts';
import { insertRow } from './columns.ts';
import { claimKey, storeResult } from './idempotency.ts';
import type { Journal } from './journal.ts';
import { newId } from './newId.ts';
import { inTransaction } from './transact.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const uniqueViolation = '23505';

export interface NewTeam {
  readonly name: string;
  readonly slug: string;
}

/** Creates a team, with the person as its admin; refuses a slug that is taken. */
export function createTeam(
  journal: Journal,
  by: Acting,
  clientKey: ClientKey,
  { name, slug }: NewTeam,
): Promise<Admitted<{ teamId: TeamId }>> {
  const key = keyOf('createTeam', clientKey, { name, slug });
  return admitting(async () => {
    const value = await inTransaction(journal.pool, async (client) => {
      const earlier = await claimKey<{ teamId: TeamId }>(client, key);
      if (earlier) return earlier;
      const teamId = newId('team');
      await insertRow(client, 'Team', { id: teamId, name, slug }).catch((error: { code?: string }) => {
        if (error.code !== uniqueViolation) throw error;
        throw new Refused({
          kind: 'INVALID_INPUT',
          field: 'slug',
          message: `There is a team ${JSON.stringify(slug)} already. Choose another short name.`,
        });
      });
      await insertRow(client, 'Membership', { userId: clientKey.userId, teamId, role: 'ADMIN' });
      await audit(client, teamId, { by, action: 'TEAM_CREATED', target: { id: teamId, name } });
      await storeResult(client, key, { teamId });
      return { teamId };
    });
    journal.bell.ringPerson(clientKey.userId);
    return { ok: true, value, wake: false };
  });
}

export interface NewMember {
  readonly teamId: TeamId;
  /** In lower case. */
  readonly email: string;
  /** For someone Baton does not know yet. */
  readonly name: string;
  readonly role: Role;
}

/** Adds a person by their address; one that Baton does not know is `made`, and gets in by a link or by their first sign-in. */
export function addMember(
  journal: Journal,
  by: Acting,
  clientKey: ClientKey,
  member: NewMember,
): Promise<Admitted<{ userId: UserId; made: boolean }>> {
  const key = keyOf('addMember', clientKey, member);
  const { teamId, email, name, role } = member;
  return admitting(async () => {
    const value = await withRoster(journal, teamId, async (client, roster) => {
      const earlier = await claimKey<{ userId: UserId; made: boolean }>(client, key);
      if (earlier) return earlier;
      refuseIf(refuseManage(roster.get(clientKey.userId) ?? 'VIEWER'));
      const added = await findOrMake(client, email, name);
      if (roster.has(added.userId)) {
        throw new Refused({
          kind: 'INVALID_INPUT',
          field: 'email',
          message: `${email} is in the team already. Change their role instead.`,
        });
      }
      await insertRow(client, 'Membership', { userId: added.userId, teamId, role });
      const target = { id: added.userId, name: added.name };
      await audit(client, teamId, { by, action: 'MEMBER_ADDED', target, detail: `${email}, ${role}` });
      const result = { userId: added.userId, made: added.made };
      await storeResult(client, key, result);
      return result;
    });
    journal.bell.ringPerson(value.userId);
    return { ok: true, value, wake: false };
  });
}

async function findOrMake(
  client: pg.PoolClient,
  email: string,
  name: string,
): Promise<{ userId: UserId; name: string; made: boolean }> {
  const userId = newId('usr');
  const made = await client.query('INSERT INTO "User" (id, name, email) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING', [
    userId,
    name,
    email,
  ]);
  if (made.rowCount === 1) return { userId, name, made: true };
  const { rows } = await client.query<{ id: UserId; name: string }>('SELECT id, name FROM "User" WHERE email = $1', [email]);
  if (!rows[0]) throw new Error('a person was there and gone in one transaction');
  return { userId: rows[0].id, name: rows[0].name, made: false };
}

/** What is asked of a member of a team, and who asks. */
export interface OfMember {
  readonly teamId: TeamId;
  readonly userId: UserId;
  readonly askedBy: UserId;
}

/** Gives a member another role; what they may do changes at once, on live sockets too. Value: whether there is such a member. */
export function changeRole(
  journal: Journal,
  by: Acting,
  { teamId, userId, askedBy }: OfMember,
  role: Role,
): Promise<Admitted<boolean>> {
  return changeMember(journal, teamId, userId, async (client, roster, before) => {
    refuseIf(refuseManage(roster.get(askedBy) ?? 'VIEWER'));
    if (before === role) return;
    refuseIf(refuseLastAdmin(before, role, adminsIn(roster)));
    await client.query('UPDATE "Membership" SET role = $3 WHERE "teamId" = $1 AND "userId" = $2', [teamId, userId, role]);
    const target = await nameOf(client, userId);
    await audit(client, teamId, { by, action: 'ROLE_CHANGED', target, detail: `${before} → ${role}` });
  });
}

/** Takes a member out, or lets them leave; their sockets close at once. Value: whether there is such a member. */
export function removeMember(journal: Journal, by: Acting, { teamId, userId, askedBy }: OfMember): Promise<Admitted<boolean>> {
  return changeMember(journal, teamId, userId, async (client, roster, before) => {
    refuseIf(refuseRemove({ role: roster.get(askedBy) ?? 'VIEWER', own: askedBy === userId }));
    refuseIf(refuseLastAdmin(before, null, adminsIn(roster)));
    await client.query('DELETE FROM "Membership" WHERE "teamId" = $1 AND "userId" = $2', [teamId, userId]);
    await audit(client, teamId, { by, action: 'MEMBER_REMOVED', target: await nameOf(client, userId), detail: before });
  });
}

type Roster = ReadonlyMap<UserId, Role>;

function changeMember(
  journal: Journal,
  teamId: TeamId,
  userId: UserId,
  change: (client: pg.PoolClient, roster: Roster, before: Role) => Promise<void>,
): Promise<Admitted<boolean>> {
  return admitting(async () => {
    const found = await withRoster(journal, teamId, async (client, roster) => {
      const before = roster.get(userId);
      if (!before) return false;
      await change(client, roster, before);
      return true;
    });
    if (found) journal.bell.ringPerson(userId);
    return { ok: true, value: found, wake: false };
  });
}

/** Works under the team's lock, so that of two last admins who leave at once one stays. */
function withRoster<T>(
  journal: Journal,
  teamId: TeamId,
  work: (client: pg.PoolClient, roster: Roster) => Promise<T>,
): Promise<T> {
  return inTransaction(journal.pool, async (client) => {
    await client.query('SELECT 1 FROM "Team" WHERE id = $1 FOR UPDATE', [teamId]);
    const { rows } = await client.query<{ userId: UserId; role: Role }>(
      'SELECT "userId", role FROM "Membership" WHERE "teamId" = $1',
      [teamId],
    );
    return work(client, new Map(rows.map(({ userId, role }) => [userId, role])));
  });
}

const adminsIn = (roster: Roster): number => [...roster.values()].filter((role) => role === 'ADMIN').length;

async function nameOf(client: pg.PoolClient, userId: UserId): Promise<{ id: string; name: string }> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM "User" WHERE id = $1', [userId]);
  return { id: userId, name: rows[0]?.name ?? userId };
}

function refuseIf(refusal: Refusal | null): void {
  if (refusal) throw new Refused(refusal);
}
