import type { IncomingMessage } from 'node:http';

/**
 * Which requests may come in at all. A gateway on 127.0.0.1 can be reached by every page that a browser on the machine
 * shows, so a request must name one of our hosts (a rebound DNS name does not), and what a browser sends from another
 * origin is refused.
 */
export class Admission {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  /** `publicUrl` is the address that people open; `further` are names that it is also reached by. */
  constructor(publicUrl: string, further: readonly string[]) {
    const { host, hostname, port, protocol } = new URL(publicUrl);
    const loopback = ['127.0.0.1', 'localhost', '[::1]'];
    const names = [...new Set([hostname, ...(loopback.includes(hostname) ? loopback : []), ...further])];
    const hosts = names.map((name) => (name.includes(':') && !name.startsWith('[') ? name : port ? `${name}:${port}` : name));
    this.#hosts = new Set([host, ...hosts].map((name) => name.toLowerCase()));
    this.#origins = new Set([...this.#hosts].map((name) => `${protocol}//${name}`));
  }

  /** Why the request is refused, or null. */
  refuse({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
    const host = headers.host?.toLowerCase();
    if (!host || !this.#hosts.has(host)) {
      return `This gateway does not answer to the host ${JSON.stringify(host ?? '')}. Name it in BATON_ALLOWED_HOSTS, or open the address it printed.`;
    }
    const { origin } = headers;
    if (origin !== undefined && !this.#origins.has(origin.toLowerCase()))
      return `Requests from ${JSON.stringify(origin)} are not accepted.`;
    const site = headers['sec-fetch-site'];
    if (origin === undefined && site === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate')
      return 'Requests from other sites are not accepted.';
    return null;
  }
}
