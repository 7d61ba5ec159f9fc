import type { TeamId, TokenId, UserId } from '../../domain/ids.ts';
import { tokenScopes, type TokenScope, type Via } from '../../domain/person.ts';
import type { Database } from '../database.ts';
import { cookieIn } from './cookie.ts';
import { hashSecret } from './secret.ts';
import type { Viewer } from './viewer.ts';

/** What a request or socket shows of who it is: a bearer token or a sign-in cookie. */
export interface Credential {
  readonly kind: 'TOKEN' | 'SIGN_IN';
  readonly secret: string;
}

export const signInCookie = 'baton_signin';

/** A token's last use is written at most this often. */
const lastUsedPrecisionMs = 60_000;

const withTeams = { user: { include: { memberships: true } } } as const;

/** The viewer behind a credential; null when it is unknown, expired or revoked. */
export async function authenticate(database: Database, credential: Credential, now = new Date()): Promise<Viewer | null> {
  const hash = hashSecret(credential.secret);
  if (credential.kind === 'SIGN_IN') {
    const signIn = await database.signIn.findUnique({ where: { hash }, include: withTeams });
    return signIn && signIn.expiresAt > now ? viewerOf(signIn.user, everyScope, { kind: 'SIGN_IN' }) : null;
  }
  const token = await database.apiToken.findUnique({ where: { hash }, include: withTeams });
  if (!token || token.revokedAt || (token.expiresAt && token.expiresAt <= now)) return null;
  if (!token.lastUsedAt || now.getTime() - token.lastUsedAt.getTime() > lastUsedPrecisionMs) {
    await database.apiToken.updateMany({ where: { hash }, data: { lastUsedAt: now } });
  }
  const via: Via = { kind: 'TOKEN', tokenId: token.id as TokenId, name: token.name };
  return viewerOf(token.user, new Set([...token.scopes, 'READ']), via);
}

type UserWithTeams = { id: string; name: string; memberships: { teamId: string; role: 'VIEWER' | 'MEMBER' | 'ADMIN' }[] };

const everyScope: ReadonlySet<TokenScope> = new Set(tokenScopes);

const viewerOf = (user: UserWithTeams, scopes: ReadonlySet<TokenScope>, via: Via): Viewer => ({
  userId: user.id as UserId,
  name: user.name,
  roles: new Map(user.memberships.map(({ teamId, role }) => [teamId as TeamId, role])),
  scopes,
  via,
});

/** The credential in a request's headers: `Authorization: Bearer …` first, else the sign-in cookie. */
export function credentialIn(headers: {
  readonly authorization?: string | null | undefined;
  readonly cookie?: string | null | undefined;
}): Credential | null {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer) return { kind: 'TOKEN', secret: bearer };
  const cookie = cookieIn(headers.cookie, signInCookie);
  return cookie ? { kind: 'SIGN_IN', secret: cookie } : null;
}
