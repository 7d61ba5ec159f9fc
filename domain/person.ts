import type { Actor } from './actor.ts';
import type { TokenId } from './ids.ts';

/** What a member of a team may do there: look, work, or also manage. */
export const roles = ['VIEWER', 'MEMBER', 'ADMIN'] as const;
export type Role = (typeof roles)[number];

/** What an API token may be used for, within what its owner may do. A browser that signed in may do everything. */
export const tokenScopes = ['READ', 'RUNS', 'ENVIRONMENTS', 'TEAM', 'ACCOUNT'] as const;
export type TokenScope = (typeof tokenScopes)[number];

/** Each scope in words. */
export const scopeWords: Record<TokenScope, string> = {
  READ: 'Read what you can see',
  RUNS: 'Create runs, and write to them',
  ENVIRONMENTS: 'Create environments, and set their secrets',
  TEAM: 'Manage teams, and read their audit log',
  ACCOUNT: 'List, create and revoke your tokens',
};

/** What a person showed: the sign-in of a browser, or an API token. */
export type Via = { readonly kind: 'SIGN_IN' } | { readonly kind: 'TOKEN'; readonly tokenId: TokenId; readonly name: string };

/** Someone who acts, and by what they were let in. Operators come through Temporal, which let them in. */
export interface Acting {
  readonly actor: Exclude<Actor, { kind: 'PLATFORM' }>;
  readonly via?: Via;
}

/** Someone who asks for something of a run, with their role in the run's team. Operators act as admins. */
export interface Person extends Acting {
  readonly role: Role;
}
