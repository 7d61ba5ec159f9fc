import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { machine } from '../config/machine.ts';
import { benches } from './benches.ts';

const run = promisify(execFile);
const file = fileURLToPath(new URL('run.ts', import.meta.url));

/** What `npm run bench -- …` prints. */
const bench = async (...args: string[]): Promise<string> =>
  (await run(process.execPath, ['--import', import.meta.resolve('tsx'), file, ...args], { env: machine().environment })).stdout;

test('without a name the benches are listed, each with what it is held against', async () => {
  const lines = (await bench()).trimEnd().split('\n');
  expect(lines.map((line) => line.split(/ +/)[0])).toEqual([
    'start',
    'append',
    'append-watched',
    'latency',
    'wake-up',
    'handoff',
    'handoff-20',
    'recovery',
    'capture',
    'checkpoint',
    'restore',
    'capture-curve',
    'large-file',
  ]);
  for (const line of lines) expect(line).toContain('against');
});

test('with --json a bench prints one line with its figures', async () => {
  const output = await bench('append', '--quick', '--json');
  expect(output).toMatch(/^\{[^\n]*\}\n$/);
  const result = JSON.parse(output) as Record<string, unknown>;
  expect(Object.keys(result)).toEqual(['name', 'ours', 'limit', 'ratio', 'unit', 'detail']);
  expect(result).toMatchObject({ name: 'append', unit: 'µs/event', detail: { eventsPerSecond: expect.any(Number) } });
  const [ours, limit, ratio] = [result['ours'], result['limit'], result['ratio']] as number[] as [number, number, number];
  expect(ours).toBeGreaterThan(0);
  expect(ratio / (ours / limit)).toBeCloseTo(1, 1);
});

test('an unknown name is refused with the names that there are', async () => {
  const names = benches.map(({ name }) => name).join(', ');
  await expect(bench('speed')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(names) });
});
