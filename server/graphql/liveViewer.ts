import type { Database } from '../database.ts';
import { authenticate, type Credential } from '../auth/authenticate.ts';
import type { Viewer } from '../auth/viewer.ts';

/** How often a live connection's rights are looked up again, in milliseconds. */
const recheckMs = 30_000;

/**
 * Who is at the other end of a live connection. Rights are looked up again while it lives; when the sign-in or token
 * has ended, or the person was taken out of a team, `onEnded` is told.
 */
export class LiveViewer {
  current: Viewer;
  readonly #timer: NodeJS.Timeout;

  constructor(database: Database, credential: Credential, viewer: Viewer, onEnded: () => void, everyMs = recheckMs) {
    this.current = viewer;
    this.#timer = setInterval(() => {
      authenticate(database, credential).then(
        (again) => {
          if (!again || lostRights(this.current, again)) onEnded();
          if (again) this.current = again;
        },
        // The database is away: the next look decides.
        () => {},
      );
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Whether something that could be seen before can be seen no more. */
const lostRights = (before: Viewer, after: Viewer): boolean =>
  [...before.roles.keys()].some((teamId) => !after.roles.has(teamId));
