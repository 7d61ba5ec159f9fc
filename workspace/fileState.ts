import type { BigIntStats } from 'node:fs';
import type { IndexStat } from './gitIndex.ts';

/** The file system's clock may lag this far behind ours when it stamps a change. Milliseconds. */
const clockGranularityMs = 20;

/**
 * A file's state in one line: while it is the same, so is its content. Null when the file changed so shortly before
 * it was read, at `readAtMs`, that a later change could have the same time.
 */
export function fileSignature(stat: BigIntStats, readAtMs: number): string | null {
  if (Number(stat.ctimeMs) > readAtMs - clockGranularityMs) return null;
  return signatureOf(stat);
}

/** The signature, for comparing with one that was remembered. */
export function signatureOf({ size, mtimeNs, ctimeNs, ino, mode }: BigIntStats): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${ino} ${mode}`;
}

/** Microseconds since 1970, or milliseconds' worth of them before that: as exact as Node can set it again. */
export function mtimeOf({ mtimeNs }: BigIntStats): number {
  const unit = mtimeNs < 0n ? 1_000_000n : 1000n;
  const whole = mtimeNs / unit;
  const floor = whole * unit > mtimeNs ? whole - 1n : whole;
  return Number((floor * unit) / 1000n);
}

const low32 = (value: bigint): number => Number(BigInt.asUintN(32, value));
const billion = 1_000_000_000n;

/** What git would write into its index for the file: https://git-scm.com/docs/index-format */
export function indexStat(stat: BigIntStats): IndexStat {
  return {
    ctimeSeconds: low32(stat.ctimeNs / billion),
    ctimeNanoseconds: Number(stat.ctimeNs % billion),
    mtimeSeconds: low32(stat.mtimeNs / billion),
    mtimeNanoseconds: Number(stat.mtimeNs % billion),
    dev: low32(stat.dev),
    ino: low32(stat.ino),
    uid: low32(stat.uid),
    gid: low32(stat.gid),
    size: low32(stat.size),
  };
}

/**
 * Whether git takes the file for the one that its index remembers, as it is compiled by default: whole seconds, no device.
 * Owners are left out: git in a sandbox sees others than we do, and a change of owner changes the ctime as well.
 */
export function matchesIndexStat(remembered: IndexStat, stat: BigIntStats): boolean {
  const now = indexStat(stat);
  return (
    remembered.mtimeSeconds === now.mtimeSeconds &&
    remembered.ctimeSeconds === now.ctimeSeconds &&
    remembered.ino === now.ino &&
    remembered.size === now.size
  );
}

/** Whether the file has not been touched since its index entry was written, to the nanosecond. */
export function isExactly(remembered: IndexStat, stat: BigIntStats): boolean {
  const now = indexStat(stat);
  return (
    matchesIndexStat(remembered, stat) &&
    remembered.mtimeNanoseconds === now.mtimeNanoseconds &&
    remembered.ctimeNanoseconds === now.ctimeNanoseconds
  );
}

/** The mode that git would give to the entry: a file, a program, or a link; 0 for anything else. */
export function gitMode(stat: BigIntStats): number {
  if (stat.isSymbolicLink()) return 0o120000;
  if (!stat.isFile()) return 0;
  return (stat.mode & 0o100n) === 0n ? 0o100644 : 0o100755;
}
