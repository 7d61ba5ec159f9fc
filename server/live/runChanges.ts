import type { RunId, TeamId } from '../../domain/ids.ts';
import { deletedAmong, deletedLately } from '../../journal/deleteRun.ts';
import type { Journal } from '../../journal/journal.ts';

/** A run whose row changed. */
export interface ChangedRun {
  readonly runId: RunId;
  readonly teamId: TeamId;
  readonly version: number;
  /** Set when the run was deleted: its row is gone. */
  readonly deleted?: true;
}

/** A run that is gone changes no more: its last version is greater than any other. */
const lastVersion = 2 ** 31 - 1;

const deletion = (run: { readonly runId: RunId; readonly teamId: TeamId }): ChangedRun => ({
  ...run,
  version: lastVersion,
  deleted: true,
});

type Subscriber = (changes: readonly ChangedRun[]) => void;

const askAgainMs = 1_000;
/** How far back the question for lost wake-ups looks, in seconds: longer than a transaction and a reconnect take. */
const lookBackSeconds = 15;

/**
 * Says which runs changed, for the lists of this gateway. Level-triggered: a change may stand for several, and one that
 * a lost wake-up hid is found by asking once a second for what changed lately.
 */
export class RunChanges {
  readonly #journal: Journal;
  readonly #warn: (message: string, error: unknown) => void;
  readonly #subscribers = new Set<Subscriber>();
  /** Versions that were told lately, so that asking tells nothing twice. */
  #told = new Map<RunId, number>();
  readonly #due = new Set<RunId>();
  #loading = false;
  #stopListening: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(journal: Journal, warn: (message: string, error: unknown) => void) {
    this.#journal = journal;
    this.#warn = warn;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /** Calls back with every change from now on, until the returned function is called. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    if (this.#subscribers.size === 1) this.#start();
    return () => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#stop();
    };
  }

  #start(): void {
    this.#stopListening = this.#journal.bell.listen({
      onRing: ({ changed }) => {
        for (const runId of changed) this.#due.add(runId);
        void this.#load();
      },
      onGap: () => void this.#ask(),
    });
    this.#timer = setInterval(() => void this.#ask(), askAgainMs);
  }

  #stop(): void {
    this.#stopListening?.();
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#told.clear();
    this.#due.clear();
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      while (this.#due.size > 0) {
        const runIds = [...this.#due];
        this.#due.clear();
        const { rows } = await this.#journal.pool.query<ChangedRun>({
          name: 'changed-runs',
          text: 'SELECT id AS "runId", "teamId", version FROM "Run" WHERE id = ANY($1)',
          values: [runIds],
        });
        const there = new Set(rows.map(({ runId }) => runId));
        const gone = runIds.filter((runId) => !there.has(runId));
        this.#tell(gone.length === 0 ? rows : [...rows, ...(await deletedAmong(this.#journal, gone)).map(deletion)]);
      }
    } catch (error) {
      this.#warn('changed runs could not be read; asking again', error);
    } finally {
      this.#loading = false;
    }
  }

  async #ask(): Promise<void> {
    try {
      const { rows } = await this.#journal.pool.query<ChangedRun>({
        name: 'lately-changed-runs',
        text: `SELECT id AS "runId", "teamId", version FROM "Run" WHERE "lastActivityAt" > clock_timestamp() - make_interval(secs => $1)`,
        values: [lookBackSeconds],
      });
      const changes = [...rows, ...(await deletedLately(this.#journal, lookBackSeconds)).map(deletion)];
      this.#tell(changes);
      const lately = new Set(changes.map(({ runId }) => runId));
      this.#told = new Map([...this.#told].filter(([runId]) => lately.has(runId)));
    } catch (error) {
      this.#warn('lately changed runs could not be asked for; trying again', error);
    }
  }

  #tell(rows: readonly ChangedRun[]): void {
    const changes = rows.filter(({ runId, version }) => version > (this.#told.get(runId) ?? 0));
    if (changes.length === 0) return;
    for (const { runId, version } of changes) this.#told.set(runId, version);
    for (const subscriber of this.#subscribers) subscriber(changes);
  }
}
