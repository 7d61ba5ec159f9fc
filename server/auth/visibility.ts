import { idPrefix, type IdPrefix } from '../../domain/ids.ts';
import type { Database } from '../database.ts';
import { manages, maySee, type Viewer } from './viewer.ts';

const ofRun = { run: { select: { teamId: true } } } as const;

/** The team whose people may see it (or its admins only), the person whom others see, or the one whom alone it concerns. */
type Owner = { teamId: string } | { adminsOf: string } | { userId: string } | { onlyFor: string };

/** Whose a thing is, by its kind: the team's, or the user's own. Total: a kind without a rule does not compile. */
const owners: Record<IdPrefix, (database: Database, id: string) => Promise<Owner | null>> = {
  run: (database, id) => database.run.findUnique({ where: { id }, select: { teamId: true } }),
  ses: async (database, id) => (await database.session.findUnique({ where: { id }, select: ofRun }))?.run ?? null,
  msg: async (database, id) => (await database.message.findUnique({ where: { id }, select: ofRun }))?.run ?? null,
  prm: async (database, id) => (await database.prompt.findUnique({ where: { id }, select: ofRun }))?.run ?? null,
  snp: async (database, id) => (await database.snapshot.findUnique({ where: { id }, select: ofRun }))?.run ?? null,
  env: (database, id) => database.environment.findUnique({ where: { id }, select: { teamId: true } }),
  team: async (database, id) => {
    const team = await database.team.findUnique({ where: { id }, select: { id: true } });
    return team && { teamId: team.id };
  },
  usr: async (_database, id) => ({ userId: id }),
  tok: async (database, id) => {
    const token = await database.apiToken.findUnique({ where: { id }, select: { userId: true } });
    return token && { onlyFor: token.userId };
  },
  aud: async (database, id) => {
    const entry = await database.auditEntry.findUnique({ where: { id }, select: { teamId: true } });
    return entry && { adminsOf: entry.teamId };
  },
};

/** Whether the thing exists and the viewer may see it. The two are not told apart. */
export async function isVisible(database: Database, viewer: Viewer, id: string): Promise<boolean> {
  const prefix = idPrefix(id);
  if (!prefix) return false;
  const owner = await owners[prefix](database, id);
  if (!owner) return false;
  if ('teamId' in owner) return maySee(viewer, owner.teamId);
  if ('adminsOf' in owner) return manages(viewer, owner.adminsOf) && viewer.scopes.has('TEAM');
  if ('onlyFor' in owner) return owner.onlyFor === viewer.userId && viewer.scopes.has('ACCOUNT');
  // A person is visible to those who share a team with them.
  if (owner.userId === viewer.userId) return true;
  return (await database.membership.count({ where: { userId: owner.userId, teamId: { in: [...viewer.roles.keys()] } } })) > 0;
}
