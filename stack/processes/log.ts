import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

/** A log that is larger when its part starts is moved aside, to `<name>.1`: one of each is kept. */
const rotateAboveBytes = 16 * 1024 * 1024;
const tailBytes = 16 * 1024;
const longestReason = 300;

/** A part's log file, opened to append, and where this start's lines begin. */
export interface OpenLog {
  readonly file: string;
  readonly descriptor: number;
  readonly start: number;
}

/** Opens a log file to append. The caller closes the descriptor. */
export function openLog(file: string): OpenLog {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > rotateAboveBytes) renameSync(file, `${file}.1`);
  const descriptor = openSync(file, 'a', 0o600);
  return { file, descriptor, start: fstatSync(descriptor).size };
}

/** What was logged since `start`, at most its last 16 KiB; empty when nothing was or the file is gone. */
export function logTail({ file, start }: Pick<OpenLog, 'file' | 'start'>): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(Math.min(start, size), size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, from));
  } finally {
    closeSync(descriptor);
  }
}

/** The last thing a process said in its log, in one line: the message of a JSON line, or the line itself. */
export function lastWords(tail: string): string {
  const lines = tail.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.findLast((line) => /error|fatal|panic/i.test(line)) ?? lines.at(-1) ?? '';
  const words = messageOf(telling).trim();
  return words.length > longestReason ? `${words.slice(0, longestReason)}…` : words;
}

function messageOf(line: string): string {
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const words = [entry['msg'], entry['error'] ?? (entry['err'] as Record<string, unknown> | undefined)?.['message']];
    return words.filter((word) => typeof word === 'string').join(': ') || line;
  } catch {
    return line;
  }
}
