import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Claims of the accounts that there are, by what one types as the login; any password is right. */
export type Accounts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A real OpenID provider on loopback, with forms to log in by. */
export interface TestProvider {
  readonly issuer: string;
  /** Lets a client of it in, once it is known where browsers are sent back to. */
  serve(redirectUri: string, accounts: Accounts): Promise<void>;
  stop(): Promise<void>;
}

export const testClient = { id: 'baton', secret: 'a-secret-of-tests-that-is-long-enough' };

/** Takes a port, so that its issuer is known, before it serves. */
export async function startTestProvider(): Promise<TestProvider> {
  let handle = (_request: IncomingMessage, response: ServerResponse): void => void response.writeHead(503).end();
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    serve: async (redirectUri, accounts) => {
      const { Provider } = await import('oidc-provider');
      handle = new Provider(issuer, configurationOf(redirectUri, accounts)).callback();
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const configurationOf = (redirectUri: string, accounts: Accounts) => ({
  clients: [{ client_id: testClient.id, client_secret: testClient.secret, redirect_uris: [redirectUri] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  scopes: ['openid', 'email', 'profile', 'groups'],
  cookies: { keys: ['a key of tests'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_context: unknown, id: string) => ({
    accountId: id,
    claims: () => ({ sub: id, ...accounts[id] }),
  }),
});

/** A browser without a screen: it keeps cookies, follows redirects, and fills forms in. */
export class Surfer {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Cookies of an origin's host, as a header. */
  cookiesOf(url: string): string {
    return [...(this.#cookies.get(new URL(url).host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Requests without following. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie: this.cookiesOf(url) } });
    const { host } = new URL(url);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }

  /** Follows redirects until `until` says so or there are none left; gives the last answer and its address. */
  async follow(
    url: string,
    init: RequestInit = {},
    until: (url: string) => boolean = () => false,
  ): Promise<{ url: string; response: Response }> {
    let at = url;
    let response = await this.request(at, init);
    for (let hops = 0; hops < 20 && response.headers.has('location') && !until(at); hops++) {
      at = new URL(response.headers.get('location') ?? '', at).href;
      if (until(at)) break;
      response = await this.request(at);
    }
    return { url: at, response };
  }

  /** Logs in at the provider, and agrees, until the provider sends back to an address of the gateway's; gives that. */
  async logIn(start: string, login: string): Promise<string> {
    const back = (url: string): boolean => url.includes('/sign-in/oidc/callback');
    let page = await this.follow(start, {}, back);
    for (let forms = 0; forms < 4 && !back(page.url); forms++) {
      const text = await page.response.text();
      const action = /<form[^>]*action="([^"]+)"/.exec(text)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
      if (!action || !prompt) throw new Error(`no form at ${page.url}: ${page.response.status} ${text.slice(0, 300)}`);
      const body = new URLSearchParams(prompt === 'login' ? { prompt, login, password: 'any' } : { prompt });
      page = await this.follow(new URL(action, page.url).href, { method: 'POST', body }, back);
    }
    return page.url;
  }
}
