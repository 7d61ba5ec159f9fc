import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { parseId, type SessionId } from '../domain/ids.ts';
import { removeTree } from '../harnesses/removeTree.ts';
import type { Journal } from '../journal/journal.ts';
import { readUnended } from '../journal/readSession.ts';

export interface LeftSessionsOptions {
  readonly journal: Journal;
  /** The directory below which each session has its own. */
  readonly directory: string;
  /** Whether this worker holds the session: then it removes the files itself. */
  readonly isHeld: (sessionId: SessionId) => boolean;
  readonly log: Logger;
  /** How often it looks, in milliseconds. */
  readonly everyMs?: number;
}

/**
 * Removes the files of sessions that a killed worker left here, once the journal says that they have ended: a session
 * that has not may yet be somebody's. Looks at once and every ten minutes. Returns a function that stops it, once what
 * it does now is done.
 */
export function removeLeftSessions({
  journal,
  directory,
  isHeld,
  log,
  everyMs = 600_000,
}: LeftSessionsOptions): () => Promise<void> {
  const stopped = new AbortController();
  let removing: Promise<void> | null = null;
  const remove = async (): Promise<void> => {
    const left = (await namesIn(directory)).flatMap((name) => {
      const id = parseId('ses', name.replace(/\.removed$/, ''));
      return id !== null && !isHeld(id) ? [{ id, name }] : [];
    });
    if (left.length === 0) return;
    const unended = await readUnended(
      journal,
      left.map(({ id }) => id),
    );
    let removed = 0;
    for (const { id, name } of left) {
      if (stopped.signal.aborted) break;
      if (unended.has(id) || isHeld(id)) continue;
      await removeTree(path.join(directory, name));
      removed++;
    }
    if (removed > 0) log.info({ sessions: removed }, 'files of sessions that a killed worker left were removed');
  };
  const look = () => {
    removing ??= remove()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'files that a killed worker left could not be removed; they will be tried again'),
      )
      .finally(() => {
        removing = null;
      });
  };
  look();
  const timer = setInterval(look, everyMs);
  return async () => {
    clearInterval(timer);
    stopped.abort();
    await removing;
  };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    // No session was ever here.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
