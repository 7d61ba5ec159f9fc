import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import type { RunningPart } from './part.ts';
import { program, type ProgramOptions } from './program.ts';

const gateway = fileURLToPath(new URL('../testParts/gateway.mjs', import.meta.url));

async function start(
  behaviour: string,
  more: Partial<ProgramOptions> = {},
  signal = new AbortController().signal,
): Promise<RunningPart> {
  const directory = await temporaryDirectory();
  onTestFinished(directory.remove);
  const part = program({
    name: 'Gateway',
    file: gateway,
    environment: () => ({ BATON_FAKE_GATEWAY: behaviour, PORT: '0' }),
    log: join(directory.path, 'gateway.log'),
    record: join(directory.path, 'gateway.json'),
    ...more,
  });
  const running = await part.start({ progress: () => {}, signal });
  onTestFinished(running.kill);
  return running;
}

test('a program is running when it says that it is ready, with the address that it says', async () => {
  const heard: string[] = [];
  const running = await start('', { onReady: (url) => heard.push(url) });
  expect(running.detail).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(heard).toEqual([running.detail]);
  expect((await fetch(running.detail)).status).toBe(200);
  await running.stop();
  expect(await running.exited).toBe('exited with code 0');
});

test('a program that fails for a reason that it knows is not started, for that reason', async () => {
  await expect(start('failing')).rejects.toThrow(
    /^The gateway did not start: the gateway has no wings\nIts log is .*gateway\.log\.$/,
  );
});

test('a program that falls over is not started, for what its log says', async () => {
  await expect(start('crashing')).rejects.toThrow(
    /^The gateway did not start: exited with code 1: .*Error: the gateway fell over/,
  );
});

test('a program that never says that it is ready is ended, and that is said', async () => {
  await expect(start('silent', { readyWithinMs: 300 })).rejects.toThrow(/^The gateway was not ready after 0\.3 s\./);
});

test('a start that is aborted ends the program', async () => {
  await expect(start('silent', {}, AbortSignal.timeout(200))).rejects.toThrow(/abort|timeout/i);
});

test('a program that is killed tells how it ended', async () => {
  const running = await start('');
  await running.kill();
  expect(await running.exited).toBe('was killed by SIGKILL');
});
