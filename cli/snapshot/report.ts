import type { RestoreEntry, RestoreReport } from '../../domain/snapshot.ts';
import type { SnapshotFile } from '../../workspace/snapshotFile.ts';
import { plural, shown } from './text.ts';

/** What to do about what was not put back, by reason. What is not here says it itself. */
const advice: Readonly<Record<string, string>> = {
  BLOB_MISSING: 'The snapshot file was cut short: copy it again, or take the snapshot anew.',
  BLOB_CORRUPT: 'The snapshot file is damaged: copy it again, or take the snapshot anew.',
  OBJECT_MISSING: 'Its commits are damaged or were left out: copy the file again, or restore with a --remote that has them.',
  BASE_MISSING: 'Its commits are damaged or were left out: copy the file again, or restore with a --remote that has them.',
};

/** A restore report, for people. */
export function reportText({ exact, notApplied, entries }: RestoreReport, directory: string, file: SnapshotFile): string {
  const applied = entries.filter(({ status }) => status === 'APPLIED').map((entry) => `  ${line(entry)}`);
  if (exact) return [`${shown(directory)} is exactly as it was captured.`, ...applied, ''].join('\n');
  const problems = entries.filter(({ status }) => status !== 'APPLIED');
  const reasons = [...new Set(problems.flatMap(({ reason }) => (reason !== null && reason in advice ? [advice[reason]] : [])))];
  return [
    `${shown(directory)} is not exactly as it was captured: ${plural(notApplied, 'thing')} could not be put back.`,
    ...(file.whole ? [] : ['The snapshot file was cut short or damaged.']),
    ...problems.map((entry) => `  ${line(entry)} (${entry.reason ?? ''})`),
    ...(notApplied > problems.length ? [`  and ${notApplied - problems.length} more`] : []),
    ...(reasons.length > 0 ? ['What to do:', ...reasons.map((text) => `  ${text}`)] : []),
    'Put back:',
    ...applied,
    '',
  ].join('\n');
}

function line({ repository, path, detail }: RestoreEntry): string {
  const place = [repository === '.' ? null : repository, path].filter((part) => part !== null).join('/');
  return `${place === '' ? '' : `${shown(place)}: `}${shown(detail)}`;
}
