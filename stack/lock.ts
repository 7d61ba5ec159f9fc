import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, parseIdentity, type ProcessIdentity } from './processes/identity.ts';

/** What a lock file says: who holds it, and what the holder wants others to know. */
export interface LockHolder extends ProcessIdentity {
  readonly note: Readonly<Record<string, string>>;
}

/** A lock that this process holds. It ends with the process, however that ends. */
export interface Lock {
  /** Tells others more. */
  note(note: Readonly<Record<string, string>>): void;
  release(): void;
}

/** Takes the lock of a file, or says which process that lives holds it. */
export function tryLock(file: string, note: Readonly<Record<string, string>> = {}): Lock | LockHolder {
  mkdirSync(dirname(file), { recursive: true });
  const me = identify(process.pid);
  if (me === null) throw new Error('this process has no identity');
  const draft = `${file}.${process.pid}`;
  const write = (text: Readonly<Record<string, string>>) =>
    writeFileSync(draft, `${JSON.stringify({ ...me, note: text })}\n`, { mode: 0o600 });
  for (;;) {
    const held = readText(file);
    if (held !== null) {
      const holder = parseHolder(held);
      if (holder !== null && isAlive(holder)) return holder;
      removeStale(file, held);
    }
    write(note);
    try {
      // A link fails when another was faster, and never shows a half-written file.
      linkSync(draft, file);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return {
    note(more) {
      write(more);
      renameSync(draft, file);
    },
    release() {
      if (parseHolder(readText(file) ?? '')?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

/** Whether `tryLock` got the lock. */
export function isHeld(outcome: Lock | LockHolder): outcome is LockHolder {
  return 'pid' in outcome;
}

/** Runs `work` under the lock of a file, after whoever holds it; `onWait` hears once whom it waits for. */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  { onWait, signal }: { onWait?: (holder: LockHolder) => void; signal?: AbortSignal } = {},
): Promise<T> {
  let lock = tryLock(file);
  if (isHeld(lock)) onWait?.(lock);
  while (isHeld(lock)) {
    await delay(100, undefined, { signal });
    lock = tryLock(file);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** The process that holds the lock of a file, if one does. */
export function lockHolder(file: string): LockHolder | null {
  const holder = parseHolder(readText(file) ?? '');
  return holder !== null && isAlive(holder) ? holder : null;
}

/** Removes a lock whose holder is dead, unless another process has replaced it in the meantime. */
function removeStale(file: string, seen: string): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    // Taken away from one that lives: it gets it back.
    if (readText(aside) !== seen) linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    const value: unknown = JSON.parse(text);
    const identity = parseIdentity(value);
    return identity && { ...identity, note: (value as Partial<LockHolder>).note ?? {} };
  } catch {
    return null;
  }
}
