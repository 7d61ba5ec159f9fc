import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, ftruncateSync, linkSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFiles, Lab, write } from './testParts/lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

const files = { 'a.txt': 'a\n' };

describe('files of odd kinds', { timeout: 60_000 }, () => {
  // Only root may make one.
  it.runIf(process.getuid?.() === 0)('are named when they are devices, and not read', async () => {
    const from = await lab.open(lab.remote(files));
    execFileSync('mknod', [join(from.directory, 'zero'), 'c', '1', '5']);
    const { summary } = await lab.capture(from);
    expect(summary.gaps).toMatchObject([{ path: 'zero', status: 'SKIPPED', reason: 'DEVICE' }]);
    expect(summary.entries).toBe(0);
  });

  it('keep every byte when they are sparse', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    const fd = openSync(join(from.directory, 'sparse'), 'w');
    ftruncateSync(fd, 5_000_000);
    writeSync(fd, 'in the middle', 2_500_000);
    closeSync(fd);
    const { to, captured, report } = await lab.carry(from, remote);
    expect(captured.summary.gaps).toEqual([]);
    expect(report.exact).toBe(true);
    expect(describeFiles(to.directory)).toBe(describeFiles(from.directory));
  });

  it('keep the bytes that names share, and say that they no longer share them', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { one: 'shared\n' });
    linkSync(join(from.directory, 'one'), join(from.directory, 'two'));
    const { to, captured, report } = await lab.carry(from, remote);
    expect(captured.summary.gaps.map(({ path, reason }) => [path, reason])).toEqual([
      ['one', 'HARD_LINK'],
      ['two', 'HARD_LINK'],
    ]);
    expect(report.exact).toBe(true);
    expect(describeFiles(to.directory)).toBe(describeFiles(from.directory));
    expect(statSync(join(to.directory, 'two')).nlink).toBe(1);
  });

  it('are taken with no permissions at all, or named as unreadable where those count', async () => {
    const remote = lab.remote(files);
    const from = await lab.open(remote);
    write(from.directory, { closed: 'closed\n' });
    chmodSync(join(from.directory, 'closed'), 0);
    const { to, captured, report } = await lab.carry(from, remote);
    if (process.getuid?.() === 0) {
      expect(report.exact).toBe(true);
      expect(statSync(join(to.directory, 'closed')).mode & 0o777).toBe(0);
    } else expect(captured.summary.gaps).toMatchObject([{ path: 'closed', status: 'FAILED', reason: 'UNREADABLE' }]);
  });
});
