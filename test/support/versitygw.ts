import { execFile, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { cacheEntry } from '../../stack/tools/cacheEntry.ts';
import { findTool, isExecutable, onPath, type Search, type Source, type Tool } from '../../stack/tools/tool.ts';
import { search } from './search.ts';
import { waitFor } from './waitFor.ts';

const run = promisify(execFile);
const version = '1.8.0';
const buildMs = 15 * 60_000;
const target = ({ machine }: Search) => path.join(machine.cache, `versitygw-${version}`);

const cached: Source = {
  name: 'the cache',
  find: async (given) => ((await isExecutable(target(given))) ? [target(given)] : []),
};

const built: Source = {
  name: 'built with Go',
  async find(given) {
    const [go] = await onPath('go').find(given);
    if (go === undefined) throw new Error('there is no Go');
    const build = async (draft: string) => {
      given.progress('building a server of S3');
      const environment = { ...given.machine.environment, CGO_ENABLED: '0', GOBIN: draft, GOFLAGS: '', GOWORK: 'off' };
      const args = ['install', '-trimpath', `github.com/versity/versitygw/cmd/versitygw@v${version}`];
      await run(go, args, { cwd: draft, env: environment, timeout: buildMs, maxBuffer: 64 * 1024 * 1024 });
      return path.join(draft, 'versitygw');
    };
    return [await cacheEntry(given, target(given), build)];
  },
};

const versitygw: Tool = {
  name: 'Versity S3 Gateway',
  sources: [onPath('versitygw'), cached, built],
  versionArguments: ['--version'],
  refuse: (output) => (/version/i.test(output) ? null : `is no versitygw, it says: ${output.split('\n')[0]}`),
  advice: 'The tests of S3 need it. Go builds it: https://go.dev/dl',
};

/** A server of S3 on loopback, with an empty bucket. */
export interface TestS3 {
  readonly endpoint: string;
  readonly bucket: string;
  /** What Amazon's libraries read from the environment. */
  readonly credentials: { readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string };
  /** A plain client of it. */
  readonly client: S3Client;
  /** The process, to be paused or killed. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server of S3 that keeps its objects in a directory. */
export async function startS3(directory: string, given?: { port: number }): Promise<TestS3> {
  const { path: program } = await findTool(versitygw, search);
  await mkdir(directory, { recursive: true });
  const port = given?.port ?? (await freePort());
  const credentials = { AWS_ACCESS_KEY_ID: 'baton', AWS_SECRET_ACCESS_KEY: 'a secret of the tests' };
  const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = credentials;
  const options = ['--access', access, '--secret', secret, '--port', `127.0.0.1:${port}`, '--health', '/health', '--quiet'];
  const child = spawn(program, [...options, 'posix', directory], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const endpoint = `http://127.0.0.1:${port}`;
  await waitFor(
    'the server of S3',
    () =>
      fetch(`${endpoint}/health`)
        .then(({ ok }) => ok)
        .catch(() => false),
    30_000,
  );
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: access, secretAccessKey: secret },
  });
  const bucket = 'blobs';
  await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
    if (!/AlreadyOwnedByYou|AlreadyExists/.test(error.name)) throw error;
  });
  return {
    endpoint,
    bucket,
    credentials,
    client,
    pid: child.pid ?? 0,
    stop: async () => {
      client.destroy();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
