import type { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import type { SmallFile } from './fileShapes.ts';
import { writeState } from './gitDirectory.ts';
import { NeededObjects } from './neededObjects.ts';
import { presentObjects } from './objectCheck.ts';
import { isOfOperation, underWay } from './operations.ts';
import type { RestoreProblem } from './restoreLog.ts';
import { gitFolder, type SideRepository } from './sideRepository.ts';

export interface RestoreStateRequest {
  readonly git: Beneath;
  readonly side: SideRepository;
  /** Files that name objects, accepted. */
  readonly files: readonly SmallFile[];
  /** Whether nothing that the object leads to is missing, should it be there. */
  readonly isThere: (oid: string) => boolean;
  /** Whether HEAD and the index are as they were captured. */
  readonly sameStart: boolean;
  readonly problem: (problem: RestoreProblem) => void;
  readonly signal: AbortSignal;
}

/**
 * Puts back operations under way, and ORIG_HEAD and FETCH_HEAD. An operation goes on from HEAD and the index: where
 * those are others, continuing it would make another commit than it was to make, so it is left out, and said to be.
 * Gives back what is under way.
 */
export async function restoreState(request: RestoreStateRequest): Promise<readonly string[]> {
  const { git, side, files, isThere, sameStart, problem, signal } = request;
  const needed = await NeededObjects.of(side, files, () => {}, signal);
  const oids = [...new Set(needed.byFile.map(([, oid]) => oid))];
  const present = new Set(await presentObjects(side, oids, signal));
  const { whole, lone, stopped } = needed.sortOut((oid) => present.has(oid) && isThere(oid));
  for (const { path, object } of lone)
    problem({
      subject: 'BRANCH',
      path: `${gitFolder}/${path}`,
      status: 'SKIPPED',
      reason: 'OBJECT_MISSING',
      detail: `It named ${object.slice(0, 10)}, of which not everything is here: it is left out.`,
    });
  const left = (paths: readonly BytePath[], reason: string, why: string) => {
    for (const [marker, word] of underWay(paths))
      problem({
        subject: 'REPOSITORY',
        path: `${gitFolder}/${marker}`,
        status: 'FAILED',
        reason,
        detail: `When the snapshot was taken, ${word} was under way; it cannot be continued here: ${why}.`,
      });
  };
  for (const { files, by } of stopped)
    left(files, 'OBJECT_MISSING', `it needs ${by.object.slice(0, 10)}, of which not everything could be put back`);
  const ofOperations = whole.map(([path]) => path).filter(isOfOperation);
  if (!sameStart) left(ofOperations, 'OPERATION_STOPPED', 'HEAD or the index is not as it was');
  const written = sameStart ? whole : whole.filter(([path]) => !isOfOperation(path));
  writeState(git, written);
  return sameStart ? underWay(ofOperations).map(([, word]) => word) : [];
}
