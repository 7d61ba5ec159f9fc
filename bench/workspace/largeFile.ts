import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from '../bench.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('largeFileProcess.ts', import.meta.url));

/** What the process of largeFileProcess.ts prints. Bytes and milliseconds. */
export interface LargeFileFigures {
  readonly bytes: number;
  readonly peakBefore: number;
  readonly peakOfCapture: number;
  readonly peakOfRestore: number;
  readonly captureMs: number;
  readonly restoreMs: number;
}

const MiB = 1024 ** 2;

/** What a worker needs of memory for one large file. */
export const largeFile: Bench = {
  name: 'large-file',
  about: 'the most memory that a capture and a restore of a file of 2 GB take, over what the process had before, against 150 MB',
  deadlineMs: 20 * 60_000,
  run: async ({ signal, quick, progress }) => {
    const bytes = quick ? 64 * MiB : 2_000_000_000;
    progress(`a file of ${bytes} bytes`);
    const { stdout } = await run(process.execPath, ['--import', import.meta.resolve('tsx'), program, String(bytes)], { signal });
    const figures = JSON.parse(stdout) as LargeFileFigures;
    const peak = Math.max(figures.peakOfCapture, figures.peakOfRestore);
    return {
      ours: (peak - figures.peakBefore) / 1e6,
      limit: 150,
      unit: 'MB',
      detail: {
        wholeProcessMB: peak / 1e6,
        captureMBOver: (figures.peakOfCapture - figures.peakBefore) / 1e6,
        captureMBPerSecond: bytes / 1e3 / figures.captureMs,
        restoreMBPerSecond: bytes / 1e3 / figures.restoreMs,
      },
    };
  },
};
