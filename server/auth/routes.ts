import type { IncomingMessage, ServerResponse } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Services } from '../schema/context.ts';
import { beginOidc, finishOidc, handleMethods } from './oidcSignIn.ts';
import { handleSignIn, handleSignOut } from './signIn.ts';

const text = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

/**
 * The paths where people sign in and out. Who asks is not known there yet, so what they ask is counted by address.
 * Gives whether the path is one of them.
 */
export function signInRoutes(
  services: Services,
  perMinute: number,
): (path: string, request: IncomingMessage, response: ServerResponse) => boolean {
  const secure = services.publicUrl.startsWith('https:');
  const rate = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return (path, request, response) => {
    const handle = handlerOf(path, services);
    if (!handle) return false;
    rate
      .consume(request.socket.remoteAddress ?? '')
      .then(() => handle(request, response, secure))
      .catch((error: unknown) => {
        if (error instanceof RateLimiterRes) {
          const seconds = Math.ceil((error.msBeforeNext ?? 1_000) / 1_000);
          response
            .writeHead(429, { ...text, 'retry-after': String(seconds) })
            .end(`Too many sign-ins from here. Go on in ${seconds} s.\n`);
          return;
        }
        services.log.error({ err: error }, 'a sign-in or sign-out failed');
        response.writeHead(500, text).end('That failed. Try again; the gateway’s log says why.\n');
      });
    return true;
  };
}

type SignInHandler = (request: IncomingMessage, response: ServerResponse, secure: boolean) => Promise<void> | void;

function handlerOf(path: string, services: Services): SignInHandler | null {
  const { journal, oidc } = services;
  switch (path) {
    case '/sign-in':
      return (...asked) => handleSignIn(journal, ...asked);
    case '/sign-out':
      return (...asked) => handleSignOut(journal, ...asked);
    case '/sign-in/methods':
      return (_request, response) => handleMethods(oidc, response);
    case '/sign-in/oidc':
      return oidc && ((...asked) => beginOidc(services, oidc, ...asked));
    case '/sign-in/oidc/callback':
      return oidc && ((...asked) => finishOidc(services, oidc, ...asked));
    default:
      return null;
  }
}
