import { idPrefix, type IdPrefix } from '../../domain/ids.ts';
import type { Database } from '../database.ts';
import { maySee, type Viewer } from './viewer.ts';

const ofRun = { run: { select: { teamId: true } } } as const;

/** Whose a thing is, by its kind: the team's, or the user's own. Total: a kind without a rule does not compile. */
const owners: Record<IdPrefix, (database: Database, id: string) => Promise<{ teamId: string } | { userId: string } | null>> = {
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
  // Tokens are not to be had by id.
  tok: async () => null,
};

/** Whether the thing exists and the viewer may see it. The two are not told apart. */
export async function isVisible(database: Database, viewer: Viewer, id: string): Promise<boolean> {
  const prefix = idPrefix(id);
  if (!prefix) return false;
  const owner = await owners[prefix](database, id);
  if (!owner) return false;
  if ('teamId' in owner) return maySee(viewer, owner.teamId);
  // A person is visible to those who share a team with them.
  if (owner.userId === viewer.userId) return true;
  return (await database.membership.count({ where: { userId: owner.userId, teamId: { in: [...viewer.roles.keys()] } } })) > 0;
}
