import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionId } from '../domain/ids.ts';
import { removeTree } from '../harnesses/removeTree.ts';
import type { Journal } from '../journal/journal.ts';
import { giveUpLease } from '../journal/lease.ts';
import type { HostedSession } from './hostedSession.ts';

/** The sessions that this worker holds, by id. */
export class HostedSessions {
  readonly #journal: Journal;
  readonly #held = new Map<SessionId, HostedSession>();
  readonly #removing = new Set<Promise<void>>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Set when the worker is to take nothing more. */
  #handOver: ((session: HostedSession) => void) | null = null;

  get size(): number {
    return this.#held.size;
  }

  has(sessionId: SessionId): boolean {
    return this.#held.has(sessionId);
  }

  add(session: HostedSession): void {
    this.#held.set(session.writer.sessionId, session);
    this.#handOver?.(session);
  }

  /** Hands all sessions over, and those that may yet come. */
  handOver(how: (session: HostedSession) => void): void {
    this.#handOver = how;
    for (const session of this.#held.values()) how(session);
  }

  /** Resolves when no session is held any more, or after `withinMs`; gives those that are left. */
  async left(withinMs: number): Promise<readonly HostedSession[]> {
    const until = performance.now() + withinMs;
    while (this.#held.size > 0 && performance.now() < until) await sleep(Math.min(100, withinMs));
    return [...this.#held.values()];
  }

  /** The session; throws when this worker does not hold it (any more). */
  get(sessionId: SessionId): HostedSession {
    const session = this.#held.get(sessionId);
    if (!session) throw new Error(`this worker does not hold session ${sessionId}`);
    return session;
  }

  /** Lets go of a session: its agent is stopped, its lease given up, its files removed. Never rejects. */
  async end(session: HostedSession): Promise<void> {
    const { writer, log } = session;
    try {
      await session.stop(new Error('the session was let go'));
      await giveUpLease(this.#journal, writer);
    } catch (error) {
      // The lease then runs out by itself.
      log.warn({ err: error }, 'a session could not be let go of cleanly');
    }
    this.#held.delete(writer.sessionId);
    session.forgetSecrets();
    this.#remove(session);
  }

  /** Ends all sessions, for a worker that stops. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map((session) => session.stop(new Error('the worker stops'))));
  }

  /** Resolves when the files of ended sessions are gone. */
  async removed(): Promise<void> {
    await Promise.all(this.#removing);
  }

  /** Out of the way at once, gone when there is time: a large workspace takes seconds to remove. */
  #remove({ directory, log }: HostedSession): void {
    const trash = `${directory}.removed`;
    const removing = rename(directory, trash)
      .then(() => removeTree(trash))
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') log.warn({ err: error }, 'a session’s files could not be removed');
      })
      .finally(() => this.#removing.delete(removing));
    this.#removing.add(removing);
  }
}
