import type { UserId } from '../../domain/ids.ts';
import type { Journal } from '../../journal/journal.ts';
import { authenticate, type Credential } from '../auth/authenticate.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { Database } from '../database.ts';

/** How often a live connection's rights are looked up again, in milliseconds, when nobody says that they changed. */
const recheckMs = 30_000;

/**
 * Who is at the other end of a live connection. Rights are looked up again while it lives; when the sign-in or token
 * has ended, or the person was taken out of a team, `onEnded` is told.
 */
export class LiveViewer {
  current: Viewer;
  readonly #database: Database;
  readonly #credential: Credential;
  readonly #onEnded: () => void;
  readonly #timer: NodeJS.Timeout;
  #newest = 0;
  #stopped = false;

  constructor(database: Database, credential: Credential, viewer: Viewer, onEnded: () => void, everyMs = recheckMs) {
    this.current = viewer;
    this.#database = database;
    this.#credential = credential;
    this.#onEnded = onEnded;
    this.#timer = setInterval(() => this.recheck(), everyMs);
  }

  /** Looks the rights up now. Of two looks at once the later one counts. */
  recheck(): void {
    const mine = ++this.#newest;
    authenticate(this.#database, this.#credential).then(
      (again) => {
        if (this.#stopped || mine !== this.#newest) return;
        const lost = !again || lostRights(this.current, again);
        if (again) this.current = again;
        if (lost) this.#onEnded();
      },
      // The database is away: the next look decides.
      () => {},
    );
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }
}

/** Whether something that could be seen before can be seen no more. */
const lostRights = (before: Viewer, after: Viewer): boolean =>
  [...before.roles.keys()].some((teamId) => !after.roles.has(teamId));

/** All live viewers of a gateway. A person whose rights change is looked up at once, wherever they changed. */
export class LiveViewers {
  readonly #database: Database;
  readonly #open = new Map<UserId, Set<LiveViewer>>();
  readonly #stopListening: () => void;

  constructor(database: Database, { bell }: Journal) {
    this.#database = database;
    this.#stopListening = bell.listen({
      onRing: ({ people }) => {
        for (const userId of people) for (const live of this.#open.get(userId) ?? []) live.recheck();
      },
      onGap: () => {
        for (const viewers of this.#open.values()) for (const live of viewers) live.recheck();
      },
    });
  }

  /** Keeps the viewer's rights fresh until the returned one is let go of by `close`. */
  open(credential: Credential, viewer: Viewer, onEnded: () => void): LiveViewer {
    const live = new LiveViewer(this.#database, credential, viewer, onEnded);
    const others = this.#open.get(viewer.userId);
    if (others) others.add(live);
    else this.#open.set(viewer.userId, new Set([live]));
    return live;
  }

  close(live: LiveViewer): void {
    live.stop();
    const { userId } = live.current;
    const all = this.#open.get(userId);
    all?.delete(live);
    if (all?.size === 0) this.#open.delete(userId);
  }

  stop(): void {
    this.#stopListening();
    for (const viewers of this.#open.values()) for (const live of viewers) live.stop();
    this.#open.clear();
  }
}
