import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { gitEnvironment } from './lab.ts';

/** A private key with its public half, as ssh-keygen makes them. */
export interface SshKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

export function makeSshKey(directory: string, name: string): SshKey {
  const file = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  return { privateKey: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8') };
}

/** Git over SSH on loopback: whoever has an accepted key may read and write every repository of this machine. */
export interface GitSshServer {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly url: string;
  /** A line of known_hosts. */
  readonly knownHosts: string;
  /** Public keys that are let in; a test adds and takes away. */
  readonly keys: Set<string>;
  /** The public keys that were offered. */
  readonly offered: string[];
  close(): Promise<void>;
}

export async function startGitSshServer(directory: string): Promise<GitSshServer> {
  const hostKey = makeSshKey(directory, 'host');
  const keys = new Set<string>();
  const offered: string[] = [];
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', () => {});
    connection.on('authentication', (asked) => {
      if (asked.method !== 'publickey') return asked.reject(['publickey']);
      offered.push(asked.key.data.toString('base64'));
      const key = [...keys]
        .map((text) => ssh2.utils.parseKey(text))
        .find((each) => {
          if (each instanceof Error) throw each;
          return each.getPublicSSH().equals(asked.key.data);
        });
      if (!key || key instanceof Error) return asked.reject(['publickey']);
      const { blob, signature } = asked;
      if (blob && signature && key.verify(blob, signature, asked.hashAlgo) !== true) return asked.reject();
      asked.accept();
    });
    connection.on('session', (accept) => {
      accept().on('exec', (run, _reject, { command }) => serve(command, run()));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    url: `ssh://git@127.0.0.1:${port}`,
    knownHosts: `[127.0.0.1]:${port} ${hostKey.publicKey}`,
    keys,
    offered,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.end();
      }),
  };
}

function serve(command: string, channel: ServerChannel): void {
  const [, program, path] = /^git-(upload-pack|receive-pack) '(.+)'$/.exec(command) ?? [];
  if (!program || !path) {
    channel.exit(127);
    return void channel.end();
  }
  const child = spawn('git', ['-c', 'safe.directory=*', program, path], {
    env: { ...gitEnvironment, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
  });
  child.stdin.on('error', () => {});
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('close', (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}
