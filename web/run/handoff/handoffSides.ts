import { count, bytes } from '../../format/amounts.ts';
import { duration } from '../../format/duration.ts';
import { clockSeconds } from '../../format/time.ts';
import { waitingWords } from '../../runs/waitWords.ts';
import type { IconName } from '../../ui/icons.ts';
import type { EventOf } from '../model/transcript.ts';
import type { ShownSession } from '../sessionFacts.ts';

/** One side of a handoff: what was given, or what was taken. */
export interface HandoffSide {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  /** It is less than whole. */
  readonly less: boolean;
}

type Captured = EventOf<'SnapshotCapturedEvent'>;

const sizes = (changedFiles: number, size: number): string =>
  changedFiles === 0 ? 'nothing changed' : `${count(changedFiles, 'file')} changed, ${bytes(size)}`;

/** What session n left: the snapshot that session n+1 opens with. */
export function givenSide(before: ShownSession | null, after: ShownSession, snapshot: Captured | null): HandoffSide {
  const lost = before?.outcome === 'LOST';
  const known = snapshot
    ? { ...snapshot, size: snapshot.snapshotBytes, checkpoint: snapshot.snapshotKind === 'CHECKPOINT' }
    : after.restoredFrom
      ? {
          ...after.restoredFrom,
          at: after.restoredFrom.createdAt,
          size: after.restoredFrom.bytes,
          checkpoint: after.restoredFrom.kind === 'CHECKPOINT',
        }
      : null;
  if (known) {
    return {
      icon: 'snapshot',
      title: lost ? 'Worker lost' : known.checkpoint ? 'Checkpoint taken' : 'Snapshot captured',
      text: `${lost ? 'last checkpoint ' : ''}${clockSeconds(known.at)}, ${sizes(known.changedFiles, known.size)}`,
      less: lost,
    };
  }
  if (before?.snapshotFailed) {
    return { icon: 'warning', title: 'Snapshot failed', text: before.snapshotFailed.why.message, less: true };
  }
  if (after.restoreFrom === null && before?.snapshot) {
    return { icon: 'snapshot', title: 'Snapshot kept', text: 'It was not asked for.', less: false };
  }
  if (after.restoreFrom !== null) {
    return { icon: 'snapshot', title: 'Snapshot captured', text: 'further up, and not loaded', less: false };
  }
  return {
    icon: 'warning',
    title: 'No snapshot',
    text: lost ? 'The worker was lost before it took one.' : 'The session left none.',
    less: true,
  };
}

/** What session n+1 has made of it. */
export function takenSide(after: ShownSession): HandoffSide {
  const report = after.restoreReport;
  if (report) {
    const at = after.facts?.restored?.at ?? after.startedAt;
    const when = `${at ? `${clockSeconds(at)}, ` : ''}in ${duration(report.tookMs)}`;
    const moved = report.newerBase.filter(({ state }) => state === 'MOVED');
    const [base] = moved;
    const onto =
      base &&
      `on the newest ${moved.length === 1 ? base.branch : 'bases'}${moved.length === 1 && base.to ? ` (${base.to.slice(0, 7)})` : ''}`;
    const less = report.notApplied > 0;
    const conflicts = moved.reduce((sum, one) => sum + one.conflicts, 0);
    const rest = less ? `${report.applied} applied, ${report.notApplied} not` : 'everything merged';
    const what = [
      ...(onto ? [onto] : []),
      report.exact ? 'exactly as it was' : conflicts > 0 ? `${count(conflicts, 'conflict')} to solve` : rest,
    ].join(', ');
    return {
      icon: 'restore',
      title: conflicts > 0 ? 'Restored, with conflicts' : less ? 'Restored in part' : 'Workspace restored',
      text: `${when}, ${what}`,
      less,
    };
  }
  if (after.notRestored) return { icon: 'warning', title: 'No workspace restored', text: after.notRestored.message, less: true };
  if (after.state === 'ENDED') {
    return { icon: 'warning', title: 'Not restored', text: 'The session ended before it had its workspace.', less: true };
  }
  if (after.state === 'QUEUED' || after.state === 'PROVISIONING' || after.state === 'RESTORING') {
    const words = after.waiting
      ? waitingWords(after.waiting)
      : after.state === 'RESTORING'
        ? 'restoring the workspace'
        : 'waiting for a worker';
    return { icon: 'clock', title: after.state === 'RESTORING' ? 'Being restored' : 'Not taken yet', text: words, less: false };
  }
  return after.restoreFrom === null
    ? { icon: 'warning', title: 'A fresh workspace', text: 'Nothing of before was restored.', less: true }
    : { icon: 'restore', title: 'Workspace restored', text: 'further up, and not loaded', less: false };
}

/** How long the baton was in the air, in milliseconds: from the end of one session to a worker's hand. */
export function passingMs(before: ShownSession | null, after: ShownSession, now: number): number | null {
  if (!before?.endedAt) return null;
  return Math.max(0, (after.startedAt ? Date.parse(after.startedAt) : now) - Date.parse(before.endedAt));
}
