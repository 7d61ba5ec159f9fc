import { createWriteStream, readFileSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LargeFileFigures } from './largeFile.ts';
import { withWorkbench } from './workbench.ts';

/** The process of largeFile.ts. Argument: the file's size in bytes. Prints the figures as JSON. */
const bytes = Number(process.argv[2]);

/** The most that was resident so far. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
const peak = (): number => Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;

/** Bytes that no compression makes fewer, and of which no two parts are alike. */
function* noise(): Generator<Buffer> {
  for (let left = bytes; left > 0;) {
    const piece = randomFillSync(Buffer.allocUnsafe(Math.min(left, 1 << 20)));
    left -= piece.length;
    yield piece;
  }
}

const figures = await withWorkbench(
  { files: 100, commits: 2, fileBytes: 1_000 },
  new AbortController().signal,
  {},
  async (bench) => {
    const from = await bench.open('from');
    await pipeline(Readable.from(noise(), { objectMode: false }), createWriteStream(path.join(from.directory, 'large.bin')));
    const peakBefore = peak();
    const began = performance.now();
    const { summary } = await bench.capture(from);
    const captureMs = performance.now() - began;
    const peakOfCapture = peak();
    await bench.remove(from);
    const to = await bench.open('to', summary.manifest);
    const beganRestore = performance.now();
    const report = await bench.restore(to, summary.manifest);
    const restoreMs = performance.now() - beganRestore;
    if (!report.exact) throw new Error(`the restore was not exact: ${JSON.stringify(report.entries)}`);
    return { bytes, peakBefore, peakOfCapture, peakOfRestore: peak(), captureMs, restoreMs } satisfies LargeFileFigures;
  },
);
process.stdout.write(JSON.stringify(figures));
