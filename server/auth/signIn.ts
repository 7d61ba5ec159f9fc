import type { IncomingMessage, ServerResponse } from 'node:http';
import { addSignInLink, endSignIn, useSignInLink, type Kept } from '../../journal/signIns.ts';
import type { Journal } from '../../journal/journal.ts';
import { signInCookie } from './authenticate.ts';
import { cookieIn, setCookie } from './cookie.ts';
import { refusedPage } from './refusedPage.ts';
import { hashSecret, newSecret } from './secret.ts';
import { actingAs } from './viewer.ts';
import type { Context } from '../schema/context.ts';

/** A link signs in for an hour after it was made, and once. */
const linkLifetimeMs = 60 * 60_000;
/** A browser stays signed in for 30 days. */
const signInLifetimeMs = 30 * 24 * 60 * 60_000;

/** A link to someone who is new here works for a week. */
const inviteLifetimeMs = 7 * 24 * 60 * 60_000;

/** A link that signs one browser in, once. */
export interface SignInLink {
  readonly url: string;
  readonly expiresAt: Date;
}

type LinkServices = Pick<Context, 'journal' | 'viewer' | 'publicUrl'>;
type Signer = Parameters<typeof addSignInLink>[2];

async function makeLink({ journal, viewer, publicUrl }: LinkServices, signer: Signer, lifetimeMs: number): Promise<SignInLink> {
  const secret = newSecret('baton_link');
  const expiresAt = new Date(Date.now() + lifetimeMs);
  await addSignInLink(journal, actingAs(viewer), signer, { hash: hashSecret(secret), expiresAt });
  return { url: `${publicUrl}/sign-in?code=${secret}`, expiresAt };
}

/** Makes a link that signs one browser in as the viewer, once. */
export const createSignInLink = (services: LinkServices): Promise<SignInLink> =>
  makeLink(services, { id: services.viewer.userId, name: services.viewer.name }, linkLifetimeMs);

/**
 * Makes a link for someone whom the viewer has just made known: nobody could sign in as them before. Null where people
 * sign in at a provider: nobody else may be let in as them.
 */
export const inviteLink = async (services: LinkServices & Pick<Context, 'oidc'>, signer: Signer): Promise<SignInLink | null> =>
  services.oidc ? null : makeLink(services, signer, inviteLifetimeMs);

/** A new sign-in: what is stored of it, and the cookie that the browser gets. */
export function newSignIn(secure: boolean): { readonly kept: Kept; readonly cookie: string } {
  const value = newSecret('baton_signin');
  return {
    kept: { hash: hashSecret(value), expiresAt: new Date(Date.now() + signInLifetimeMs) },
    cookie: setCookie({ name: signInCookie, value, path: '/', maxAgeMs: signInLifetimeMs, secure }),
  };
}

const refused = refusedPage(
  'This link was used already, or has expired',
  `<p>Each link signs one browser in, once, and within its time. Get a new one on the machine that runs Baton:</p>
<p><code>node bin/baton.mjs link</code></p>`,
);

/** `GET /sign-in?code=…`: signs the browser in and shows the page. */
export async function handleSignIn(
  journal: Journal,
  request: IncomingMessage,
  response: ServerResponse,
  secure: boolean,
): Promise<void> {
  const code = new URL(request.url ?? '/', 'http://localhost').searchParams.get('code') ?? '';
  const { kept, cookie } = newSignIn(secure);
  if (request.method !== 'GET' || !(await useSignInLink(journal, hashSecret(code), kept))) {
    response.writeHead(403, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(refused);
    return;
  }
  response.writeHead(303, { location: '/', 'set-cookie': cookie, 'cache-control': 'no-store' }).end();
}

/** `POST /sign-out`: ends the browser's sign-in, with every socket that was opened by it. */
export async function handleSignOut(
  journal: Journal,
  request: IncomingMessage,
  response: ServerResponse,
  secure: boolean,
): Promise<void> {
  if (request.method !== 'POST') {
    response.writeHead(405, { allow: 'POST', 'content-type': 'text/plain; charset=utf-8' }).end('Sign out by POST.\n');
    return;
  }
  const secret = cookieIn(request.headers.cookie, signInCookie);
  if (secret !== null) await endSignIn(journal, hashSecret(secret));
  const gone = setCookie({ name: signInCookie, value: '', path: '/', maxAgeMs: 0, secure });
  response.writeHead(204, { 'set-cookie': gone, 'cache-control': 'no-store' }).end();
}
