import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserId } from '../../domain/ids.ts';
import type { Database } from '../database.ts';
import { signInCookie } from './authenticate.ts';
import { hashSecret, newSecret } from './secret.ts';

/** A link signs in for an hour after it was made, and once. */
export const linkLifetimeMs = 60 * 60_000;
/** A browser stays signed in for 30 days. */
const signInLifetimeMs = 30 * 24 * 60 * 60_000;

/** Makes a link that signs one browser in as this user, once. */
export async function createSignInLink(
  database: Database,
  userId: UserId,
  baseUrl: string,
): Promise<{ url: string; expiresAt: Date }> {
  const secret = newSecret('baton_link');
  const expiresAt = new Date(Date.now() + linkLifetimeMs);
  await database.signInLink.create({ data: { hash: hashSecret(secret), userId, expiresAt } });
  return { url: `${baseUrl}/sign-in?code=${secret}`, expiresAt };
}

/** Uses a link up and opens a sign-in; the cookie's secret, or null when the link is unknown, used or expired. */
async function useLink(database: Database, code: string): Promise<string | null> {
  const now = new Date();
  // Deleting it is what uses it: of two browsers with one link, one gets in.
  const [link] = await database.$queryRaw<{ userId: string; expiresAt: Date }[]>`
    DELETE FROM "SignInLink" WHERE hash = ${hashSecret(code)} RETURNING "userId", "expiresAt"`;
  if (!link || link.expiresAt <= now) return null;
  const secret = newSecret('baton_signin');
  await database.signIn.create({
    data: { hash: hashSecret(secret), userId: link.userId, expiresAt: new Date(now.getTime() + signInLifetimeMs) },
  });
  await database.signIn.deleteMany({ where: { expiresAt: { lt: now } } });
  await database.signInLink.deleteMany({ where: { expiresAt: { lt: now } } });
  return secret;
}

const refused = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in to Baton</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem}code{font-family:ui-monospace,monospace}</style>
<h1>This link was used already, or has expired</h1>
<p>Each link signs one browser in, once, within an hour. Get a new one on the machine that runs Baton:</p>
<p><code>node bin/baton.mjs link</code></p></html>`;

/** `GET /sign-in?code=…`: signs the browser in and shows the page. */
export async function handleSignIn(
  database: Database,
  request: IncomingMessage,
  response: ServerResponse,
  secure: boolean,
): Promise<void> {
  const code = new URL(request.url ?? '/', 'http://localhost').searchParams.get('code') ?? '';
  const secret = request.method === 'GET' ? await useLink(database, code) : null;
  if (!secret) {
    response.writeHead(403, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(refused);
    return;
  }
  const cookie = [`${signInCookie}=${secret}`, 'HttpOnly', 'SameSite=Lax', 'Path=/', `Max-Age=${signInLifetimeMs / 1_000}`];
  if (secure) cookie.push('Secure');
  response.writeHead(303, { location: '/', 'set-cookie': cookie.join('; '), 'cache-control': 'no-store' }).end();
}
