import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openExport, writeWhole, type Format } from '../cli/export.ts';
import { collect } from '../cli/gc.ts';
import { GatewayClient } from '../cli/gatewayClient.ts';
import { ended, startTestSystem, type TestSystem } from './support/system.ts';

/** `baton export` and `baton gc` against a gateway. */
let system: TestSystem;
let client: GatewayClient;
let runId: string;

beforeAll(async () => {
  system = await startTestSystem();
  await system.startWorker();
  client = new GatewayClient({ url: system.gateway.url, token: system.token });
  runId = await system.createRun(await system.createEnvironment(), 'echo printed; echo kept > kept.txt');
  await system.runUntil(runId, 'id', ended);
});
afterAll(() => system?.stop());

const exported = async (format: Format, run = runId) => openExport(client, run, format);
const file = (name: string) => path.join(system.settings.directory, name);

test('writes a transcript as JSON lines or Markdown', async () => {
  const lines = (await text(await exported('jsonl'))).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).seq ?? 0)).toEqual(lines.map((_, index) => index));
  expect(await text(await exported('markdown'))).toContain('    printed\n');
});

test('writes the latest snapshot as a file that is there whole', async () => {
  await writeWhole(await exported('bundle'), file('run.tar'));
  expect(execFileSync('tar', ['-tf', file('run.tar')], { encoding: 'utf8' })).toContain('repositories/1/worktree/kept.txt');
});

test('leaves no file behind when the download is cut off', async () => {
  const cut = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(Buffer.from('half'));
      controller.error(new Error('terminated'));
    },
  });
  await expect(writeWhole(cut, file('cut.tar'))).rejects.toThrow('could not be written: terminated');
  expect(existsSync(file('cut.tar'))).toBe(false);
  expect(existsSync(file('cut.tar.part'))).toBe(false);
});

test('says when there is nothing to export', async () => {
  await expect(exported('jsonl', 'run_01h455vb4pex5vsknk084sn02q')).rejects.toThrow('There is no run');
  const queued = await system.createRun(await system.createEnvironment({ repositories: [{ url: '/nowhere' }] }), 'true');
  await expect(exported('bundle', queued)).rejects.toThrow('has no snapshot');
});

test('says which blobs would go, for teams that one administers', async () => {
  const lines = async (dryRun: boolean) => {
    const all: string[] = [];
    for await (const line of collect(client, dryRun)) all.push(line);
    return all;
  };
  await expect(lines(true)).rejects.toThrow('You administer no team.');
  await system.world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN' WHERE "userId" = $1`, [system.world.userId]);
  expect(await lines(true)).toEqual([
    expect.stringMatching(/^Team: 0 blobs \(0 bytes\) would go, \d+ are too young to tell, \d+ are in use$/),
  ]);
  expect(await lines(false)).toEqual([expect.stringMatching(/^Team: 0 blobs \(0 bytes\) went/)]);
});
