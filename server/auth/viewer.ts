import type { TeamId, UserId } from '../../domain/ids.ts';
import type { Acting, Person, Role, TokenScope, Via } from '../../domain/person.ts';

/** Who asks: a person with their teams, as they were when it was last looked up. */
export interface Viewer {
  readonly userId: UserId;
  readonly name: string;
  readonly roles: ReadonlyMap<TeamId, Role>;
  /** What they may do here of what they may do at all: everything in a browser, the token's scopes with a token. */
  readonly scopes: ReadonlySet<TokenScope>;
  readonly via: Via;
}

/** The viewer's teams, for lists. */
export const teamsOf = (viewer: Viewer): TeamId[] => [...viewer.roles.keys()];

/** Whether the viewer may see what belongs to the team. What they may not see does not exist for them. */
export const maySee = (viewer: Viewer, teamId: string): boolean => viewer.roles.has(teamId as TeamId);

/** Whether the viewer may see what is for the team's admins only: the audit log, addresses. */
export const manages = (viewer: Viewer, teamId: string): boolean => viewer.roles.get(teamId as TeamId) === 'ADMIN';

/** The viewer as the one who did something, for logs. */
export const actingAs = ({ userId, name, via }: Viewer): Acting => ({ actor: { kind: 'USER', userId, name }, via });

/**
 * The viewer as someone who asks for something in the team; without the scope that it takes they merely view.
 * Throws when they may not even see it: check first.
 */
export function personIn(viewer: Viewer, teamId: string, scope: TokenScope = 'RUNS'): Person {
  const role = viewer.roles.get(teamId as TeamId);
  if (!role) throw new Error('a viewer outside the team got past the check of what they may see');
  return { ...actingAs(viewer), role: viewer.scopes.has(scope) ? role : 'VIEWER' };
}

/** Lets the viewer, who was looked up before it, have their part in a team that they have just made. */
export function joined({ roles }: Viewer, teamId: TeamId, role: Role): void {
  (roles as Map<TeamId, Role>).set(teamId, role);
}
