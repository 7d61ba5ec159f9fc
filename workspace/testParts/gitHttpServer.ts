import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gitEnvironment } from './lab.ts';

/** Git over HTTP on loopback, as hosts offer it: whoever shows an accepted token may read and write. */
export interface GitHttpServer {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly url: string;
  /** Those that are let in; a test adds and takes away. */
  readonly tokens: Set<string>;
  /** What each request showed: `user:password`, or null. */
  readonly shown: (string | null)[];
  /** Sends every request elsewhere, while it is set. */
  redirectTo: string | null;
  close(): Promise<void>;
}

/** Serves the repositories below `root` by git's own program: https://git-scm.com/docs/git-http-backend */
export async function startGitHttpServer(root: string): Promise<GitHttpServer> {
  const tokens = new Set<string>();
  const shown: (string | null)[] = [];
  const server = createServer((request, response) => {
    const [, basic] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const said = basic === undefined ? null : Buffer.from(basic, 'base64').toString();
    shown.push(said);
    if (made.redirectTo !== null) {
      response.writeHead(302, { location: `${made.redirectTo}${request.url}` }).end();
    } else if (said === null || !tokens.has(said.slice(said.indexOf(':') + 1))) {
      request.resume();
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?');
    } else {
      backend(root, said, request, response);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made: GitHttpServer = {
    host,
    url: `http://${host}`,
    tokens,
    shown,
    redirectTo: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return made;
}

function backend(root: string, user: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const { headers } = request;
  const child = spawn('git', ['http-backend'], {
    env: {
      ...gitEnvironment,
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_CONFIG_KEY_1: 'uploadpack.allowAnySHA1InWant',
      GIT_CONFIG_VALUE_1: 'true',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      REMOTE_USER: user.split(':')[0] ?? '',
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  let head: Buffer | null = Buffer.alloc(0);
  child.stdout.on('data', (part: Buffer) => {
    if (head === null) return void response.write(part);
    head = Buffer.concat([head, part]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const lines = head.toString('latin1', 0, end).split('\r\n');
    const fields = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
    const status = Number(fields.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== 'Status')));
    response.write(head.subarray(end + 4));
    head = null;
  });
  child.stdout.on('end', () => response.end());
}
