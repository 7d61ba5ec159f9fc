import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../test/support/temporaryDirectory.ts';
import { freePort, Ports, portState } from './ports.ts';

async function listenOn(port: number): Promise<AsyncDisposable> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

test('a port is free, or taken by who listens on it', async () => {
  const port = await freePort();
  expect(await portState(port)).toBe('free');
  await using _server = await listenOn(port);
  expect(await portState(port)).toBe('taken');
});

test('a part finds its port again', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'ports.json');
  const port = await new Ports(file).take('temporal');
  expect(await new Ports(file).take('temporal')).toBe(port);
});

test('a port that another program took in the meantime is replaced, the others stay', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'ports.json');
  const [taken, kept] = [await new Ports(file).take('postgres'), await new Ports(file).take('temporal')];
  await using _server = await listenOn(taken);
  const next = await new Ports(file).take('postgres');
  expect(next).not.toBe(taken);
  expect(await new Ports(file).take('postgres')).toBe(next);
  expect(await new Ports(file).take('temporal')).toBe(kept);
});

test('once others rely on a port it is not replaced, and the reason is said', async () => {
  await using directory = await temporaryDirectory();
  const ports = new Ports(join(directory.path, 'ports.json'));
  const port = await ports.take('postgres');
  ports.settle();
  expect(await ports.take('postgres')).toBe(port);
  await using _server = await listenOn(port);
  await expect(ports.take('postgres')).rejects.toThrow(`Another program has taken its port, ${port}`);
});

test('a damaged list is begun anew', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'ports.json');
  writeFileSync(file, '{"postgres": "many"');
  expect(await new Ports(file).take('postgres')).toBeGreaterThan(0);
});
