import type { TeamId, UserId } from '../../domain/ids.ts';
import type { Person, Role } from '../../domain/person.ts';

/** Who asks: a person with their teams, as they were when it was last looked up. */
export interface Viewer {
  readonly userId: UserId;
  readonly name: string;
  readonly roles: ReadonlyMap<TeamId, Role>;
}

/** The viewer's teams, for lists. */
export const teamsOf = (viewer: Viewer): TeamId[] => [...viewer.roles.keys()];

/** Whether the viewer may see what belongs to the team. What they may not see does not exist for them. */
export const maySee = (viewer: Viewer, teamId: string): boolean => viewer.roles.has(teamId as TeamId);

/** The viewer as someone who asks for something in the team. Throws when they may not even see it: check first. */
export function personIn(viewer: Viewer, teamId: string): Person {
  const role = viewer.roles.get(teamId as TeamId);
  if (!role) throw new Error('a viewer outside the team got past the check of what they may see');
  return { actor: { kind: 'USER', userId: viewer.userId, name: viewer.name }, role };
}
