import type { RunId } from '../../domain/ids.ts';
import type { Context } from '../schema/context.ts';
import { whereOf, type RunFilter } from '../schema/runFilter.ts';
import { cancelable } from './cancelable.ts';
import type { ChangedRun } from './runChanges.ts';

/**
 * Changes of runs that the viewer may see and the filter matches. While the client is slow, changes of one run become
 * one: what waits is never more than the runs there are.
 */
export function watchRunChanges(
  context: Context,
  filter: RunFilter | null | undefined,
): AsyncIterableIterator<{ runId: RunId; version: number }> {
  return cancelable(async function* (signal) {
    const due = new Map<RunId, ChangedRun>();
    let wake = () => {};
    signal.addEventListener('abort', () => wake());
    const stop = context.runChanges.subscribe((changes) => {
      for (const change of changes) {
        if (context.viewer.roles.has(change.teamId)) due.set(change.runId, change);
      }
      wake();
    });
    try {
      while (!signal.aborted) {
        if (due.size === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const changes = [...due.values()];
        due.clear();
        for (const { runId, version } of await matching(context, filter, changes)) yield { runId, version };
      }
    } finally {
      stop();
    }
  });
}

/**
 * Those of the changed runs that the filter is about. Only what never changes counts: a run that has just left the
 * filter's states is what a list must hear of.
 */
async function matching(
  { database, viewer }: Context,
  filter: RunFilter | null | undefined,
  changes: readonly ChangedRun[],
): Promise<ChangedRun[]> {
  const { teamId, environmentId, creatorId, origins } = filter ?? {};
  // Of a deleted run only the team is known; who does not show it has nothing to take away.
  const deleted = changes.filter((change) => change.deleted && (!teamId || teamId === change.teamId));
  const rows = await database.run.findMany({
    where: {
      AND: [whereOf(viewer, { teamId, environmentId, creatorId, origins }), { id: { in: changes.map(({ runId }) => runId) } }],
    },
    select: { id: true },
  });
  const ids = new Set(rows.map(({ id }) => id));
  return [...deleted, ...changes.filter((change) => !change.deleted && ids.has(change.runId))];
}
