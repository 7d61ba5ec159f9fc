import type { Logger } from 'pino';
import type { TeamId } from '../../domain/ids.ts';
import { claimDueDeletions, finishDeletion } from '../../journal/deleteRun.ts';
import { claimDueReleases } from '../../journal/releases.ts';
import { claimDueTeam, expireRun, pastRuns, readRetention } from '../../journal/retention.ts';
import type { Waker } from '../temporal/waker.ts';
import { collectGarbage } from './collectGarbage.ts';
import type { BlobKeeping } from './references.ts';
import { removeReleased } from './removeReleased.ts';

/** How often a team's runs and blobs are looked through, in minutes. */
const everyMinutes = 60;
/** Runs that are seen to before the team is looked through again. */
const mostRuns = 500;
const everyMs = 1_000;

/**
 * Carries out what was decided to go: executions of deleted runs in Temporal, blobs of snapshots that went, and once an
 * hour for each team what is past its time and what nobody refers to. Every gateway does it; each piece is claimed by
 * one of them, and tried again until it is done. Returns a function that stops it, once what it does now is done.
 */
export function startHousekeeping(keeping: BlobKeeping, waker: Waker, log: Logger): () => Promise<void> {
  let working: Promise<void> | null = null;
  let stopped = false;
  const attempt = async (what: string, facts: object, work: () => Promise<unknown>): Promise<void> => {
    if (stopped) return;
    try {
      await work();
    } catch (error) {
      log.warn({ err: error, ...facts }, `${what}; it will be tried again`);
    }
  };
  const keepHouse = async (): Promise<void> => {
    for (const due of await claimDueDeletions(keeping.journal)) {
      await attempt('executions of a deleted run could not be removed', { runId: due.runId }, async () => {
        const found = await waker.forget(due);
        // Temporal's list lags behind: what it did not name the first times, it may name later.
        if (found === 0 && due.attempts > 2) await finishDeletion(keeping.journal, due.runId);
      });
    }
    for (const release of await claimDueReleases(keeping.journal)) {
      await attempt('blobs of a snapshot that went could not be removed', release, () => removeReleased(keeping, release));
    }
    for (let teamId = await claimDueTeam(keeping.journal, everyMinutes); teamId !== null && !stopped;) {
      const team = teamId;
      await attempt('a team could not be looked through', { teamId }, () => sweepTeam(keeping, team, log));
      teamId = await claimDueTeam(keeping.journal, everyMinutes);
    }
  };
  const timer = setInterval(() => {
    working ??= keepHouse()
      .catch((error: unknown) => log.warn({ err: error }, 'what is to go could not be asked for; it will be tried again'))
      .finally(() => {
        working = null;
      });
  }, everyMs);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await working;
  };
}

async function sweepTeam(keeping: BlobKeeping, teamId: TeamId, log: Logger): Promise<void> {
  const { journal } = keeping;
  const retention = await readRetention(journal, teamId);
  const past = await pastRuns(journal, teamId, retention, new Date(), mostRuns);
  for (const run of past) await expireRun(journal, run, retention);
  const garbage = await collectGarbage(keeping, teamId, false);
  if (past.length > 0 || garbage.blobs > 0) {
    log.info(
      { teamId, runs: past.length, blobs: garbage.blobs, storedBytes: garbage.storedBytes },
      'what was past its time is gone',
    );
  }
}
