import type { IncomingMessage, ServerResponse } from 'node:http';
import { keepAttempt, signInAs, takeAttempt } from '../../journal/identities.ts';
import type { Services } from '../schema/context.ts';
import { cookieIn, setCookie } from './cookie.ts';
import { OidcRefused, type Oidc } from './oidc.ts';
import { refusedPage } from './refusedPage.ts';
import { hashSecret, newSecret } from './secret.ts';
import { newSignIn } from './signIn.ts';

const attemptCookie = 'baton_attempt';
/** Who has not come back from the provider by then begins again. */
const attemptLifetimeMs = 10 * 60_000;
const html = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

/** `GET /sign-in/methods`: how one can sign in, for the page, which nobody has signed in to yet. */
export function handleMethods(oidc: Oidc | null, response: ServerResponse): void {
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify({ oidc: oidc && { label: oidc.settings.label } }));
}

/** `GET /sign-in/oidc?to=…`: sends the browser to the provider, with a cookie that it has to come back with. */
export async function beginOidc(
  { journal }: Services,
  oidc: Oidc,
  request: IncomingMessage,
  response: ServerResponse,
  secure: boolean,
): Promise<void> {
  const to = new URL(request.url ?? '/', 'http://localhost').searchParams.get('to') ?? '/';
  const { url, attempt } = await oidc.begin(ownPath(to));
  const value = newSecret('baton_attempt');
  await keepAttempt(journal, { hash: hashSecret(value), expiresAt: new Date(Date.now() + attemptLifetimeMs) }, attempt);
  const cookie = setCookie({ name: attemptCookie, value, path: '/sign-in', maxAgeMs: attemptLifetimeMs, secure });
  response.writeHead(303, { location: url.href, 'set-cookie': cookie, 'cache-control': 'no-store' }).end();
}

/** `GET /sign-in/oidc/callback?code=…&state=…`: signs the browser in that the provider has sent back. */
export async function finishOidc(
  { journal, log }: Services,
  oidc: Oidc,
  request: IncomingMessage,
  response: ServerResponse,
  secure: boolean,
): Promise<void> {
  const secret = cookieIn(request.headers.cookie, attemptCookie);
  const attempt = secret === null ? null : await takeAttempt(journal, hashSecret(secret));
  if (!attempt) {
    response.writeHead(403, html).end(refusedPage('This sign-in was not begun here, or took too long', again));
    return;
  }
  const gone = setCookie({ name: attemptCookie, value: '', path: '/sign-in', maxAgeMs: 0, secure });
  try {
    const person = await oidc.finish(new URL(request.url ?? '/', 'http://localhost').search, attempt);
    const { kept, cookie } = newSignIn(secure);
    await signInAs(journal, person, oidc.firstTeam(person), kept);
    response.writeHead(303, { location: attempt.returnTo, 'set-cookie': [cookie, gone], 'cache-control': 'no-store' }).end();
  } catch (error) {
    if (error instanceof OidcRefused) {
      response
        .writeHead(403, { ...html, 'set-cookie': gone })
        .end(refusedPage('You may not sign in here', `<p>${error.message}</p>`));
      return;
    }
    log.warn({ err: error }, 'a sign-in at the OpenID provider failed');
    response.writeHead(403, { ...html, 'set-cookie': gone }).end(refusedPage('The sign-in came to nothing', again));
  }
}

const again = '<p>Nothing has changed. The gateway’s log says more. <a href="/sign-in/oidc">Sign in again</a></p>';

/** A path of this gateway, and nothing that a browser would take for another host. */
const ownPath = (to: string): string => (/^\/(?![/\\])[^\u0000-\u001f\\]*$/.test(to) ? to : '/');
