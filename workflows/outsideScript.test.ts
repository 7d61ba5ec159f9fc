import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProcessGroup } from '../harnesses/processGroup.ts';
import type { SandboxSetting } from '../harnesses/sandbox.ts';
import { runOutsideScript } from './outsideScript.ts';

let root: string;
let setting: SandboxSetting;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'baton-outside-'));
  const [workspace, home] = [join(root, 'workspace'), join(root, 'home')];
  for (const directory of [workspace, home]) mkdirSync(directory);
  setting = { workspace, home, variables: { PATH: '/usr/bin:/bin' }, network: false };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (script: string, deadlineMs = 20_000, signal = new AbortController().signal) =>
  runOutsideScript({ sandbox: createProcessGroup('a test'), setting, script, deadlineMs, signal });

describe('a script that prints paths', { timeout: 30_000 }, () => {
  test('ends each by a line’s end, or by a NUL where there is one', async () => {
    expect(await run('printf "a\\nb c\\n\\nd"')).toEqual({ paths: ['a', 'b c', 'd'], gaps: [] });
    expect(await run('printf "a\\nb\\0c\\377\\0"')).toEqual({ paths: ['a\nb', 'c\u00ff'], gaps: [] });
  });

  test('is stopped when it takes too long or prints too much; what it printed whole counts', async () => {
    const late = await run('printf "a\\nhalf"; sleep 60', 500);
    expect(late).toMatchObject({ paths: ['a'], gaps: [{ reason: 'OUTSIDE_SCRIPT' }] });
    expect(late.gaps[0]?.detail).toMatch(/longer than 0.5 s/);
    const loud = await run('echo a; yes');
    expect(loud.gaps[0]?.detail).toMatch(/more than 1 MiB/);
    expect(loud.paths[0]).toBe('a');
  });

  test('is stopped with the session', async () => {
    const stop = new AbortController();
    const running = run('sleep 60', 20_000, stop.signal);
    setTimeout(() => stop.abort(new Error('over')), 200);
    await expect(running).rejects.toThrow('over');
  });
});
