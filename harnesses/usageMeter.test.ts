import { spawn } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { descendantsOf } from './processTable.ts';
import { UsageMeter } from './usageMeter.ts';

vi.setConfig({ testTimeout: 30_000 });

/** Holds 20 MB and has used some CPU time, then says so and waits for the end of its input. */
const hold = `x=$(head -c 20000000 /dev/zero | tr '\\0' x); echo ready; read -r end`;

/** A shell with two such children, as it stands when both are ready. */
async function measure<T>(look: (pid: number) => Promise<T> | T): Promise<T> {
  const child = spawn('/bin/bash', ['-c', `( ${hold} ) <&0 & ( ${hold} ) <&0 & wait`], { detached: true });
  const pid = child.pid ?? 0;
  let said = '';
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said === 'ready\nready\n') resolve();
    });
  });
  try {
    return await look(pid);
  } finally {
    process.kill(-pid, 'SIGKILL');
  }
}

describe('the usage of a tree', () => {
  it('is the memory of all its processes together, what they share counted once', async () => {
    const { peakMemoryBytes } = await measure((pid) =>
      new UsageMeter(
        () => pid,
        () => descendantsOf(pid),
      ).finish(),
    );
    const alone = await measure((pid) => {
      const [first] = descendantsOf(pid);
      return new UsageMeter(
        () => first?.pid ?? null,
        () => [],
      ).finish();
    });
    expect(alone.peakMemoryBytes).toBeGreaterThan(20_000_000);
    expect(peakMemoryBytes).toBeGreaterThan(alone.peakMemoryBytes * 1.7);
    expect(peakMemoryBytes).toBeLessThan(alone.peakMemoryBytes * 2.5);
  });

  it('is measured while it lasts, too', async () => {
    const later = await measure(async (pid) => {
      let root: number | null = pid;
      const meter = new UsageMeter(
        () => root,
        () => (root === null ? [] : descendantsOf(root)),
      );
      // The first sample is taken after 20 ms; a timer set after it runs after it.
      await new Promise((resolve) => setTimeout(resolve, 40));
      root = null;
      return meter.finish();
    });
    expect(later.peakMemoryBytes).toBeGreaterThan(40_000_000);
    expect(later.cpuMs).toBeGreaterThan(0);
  });

  it('is nothing where nothing can be told', () => {
    expect(
      new UsageMeter(
        () => null,
        () => [],
      ).finish(),
    ).toEqual({ cpuMs: 0, peakMemoryBytes: 0 });
    expect(
      new UsageMeter(
        () => 2 ** 30,
        () => descendantsOf(2 ** 30),
      ).finish(),
    ).toEqual({ cpuMs: 0, peakMemoryBytes: 0 });
  });
});
