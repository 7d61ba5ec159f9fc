import type { Actor } from './actor.ts';

/** What a member of a team may do there: look, work, or also manage. */
export const roles = ['VIEWER', 'MEMBER', 'ADMIN'] as const;
export type Role = (typeof roles)[number];

/** Someone who asks for something of a run, with their role in the run's team. Operators act as admins. */
export interface Person {
  readonly actor: Exclude<Actor, { kind: 'PLATFORM' }>;
  readonly role: Role;
}
