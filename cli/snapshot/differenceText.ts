import { displayPath, type BytePath } from '../../workspace/bytePath.ts';
import {
  isSame,
  type DifferenceStatus,
  type FileDifference,
  type FileState,
  type HeadPosition,
  type IndexDifference,
  type RefDifference,
  type RepositoryDifference,
  type SnapshotDifference,
} from '../../workspace/difference.ts';
import { shown, sizeText } from './text.ts';

const words: Record<DifferenceStatus, string> = {
  ADDED: 'added',
  DELETED: 'deleted',
  MODIFIED: 'modified',
  MODE_CHANGED: 'mode',
  RENAMED: 'renamed',
  TYPE_CHANGED: 'type',
};

const stagedWords: Record<IndexDifference['status'], string> = { ADDED: 'added', REMOVED: 'removed', CHANGED: 'changed' };

/** What differs, for people. */
export function differenceText(difference: SnapshotDifference): string {
  if (isSame(difference)) return 'The snapshots are the same.\n';
  const sections = [
    ...difference.repositories.map(repositoryText),
    difference.outside.length > 0 ? ['Beside the repositories', ...difference.outside.map(fileLine)].join('\n') : '',
  ];
  return `${sections.filter((text) => text !== '').join('\n')}\n`;
}

function repositoryText({ repository, presence, head, refs, index, files }: RepositoryDifference): string {
  const lines = [
    ...(presence === 'BOTH' ? [] : [`  only in the ${presence === 'BEFORE' ? 'first' : 'second'}`]),
    ...(head ? [`  HEAD      ${headText(head.before)} → ${headText(head.after)}`] : []),
    ...refs.map(refLine),
    ...index.map(({ path, status }) => `  index     ${stagedWords[status]} ${shown(displayPath(path))}`),
    ...(files ?? []).map(fileLine),
  ];
  if (lines.length === 0) return '';
  return [`Repository ${repository === '.' ? '(the directory itself)' : shown(repository)}`, ...lines].join('\n');
}

function headText(head: HeadPosition | null): string {
  if (head === null) return 'none';
  return `${head.branch === null ? 'detached' : shown(displayPath(head.branch))} at ${head.commit?.slice(0, 10) ?? 'no commit'}`;
}

function refLine({ name, before, after }: RefDifference): string {
  const place = (target: string | null) =>
    target === null ? 'none' : target.startsWith('ref: ') ? shown(displayPath(target)) : target.slice(0, 10);
  return `  ref       ${shown(displayPath(name))}: ${place(before)} → ${place(after)}`;
}

function fileLine({ path, status, oldPath, before, after }: FileDifference): string {
  const from = oldPath === null ? '' : `${shown(displayPath(oldPath))} → `;
  return `  ${words[status].padEnd(9)} ${from}${shown(displayPath(path))}${detail(status, before, after)}`;
}

function detail(status: DifferenceStatus, before: FileState | null, after: FileState | null): string {
  const modes =
    before && after && before.mode !== after.mode && before.kind === after.kind
      ? `mode ${before.mode.toString(8)} → ${after.mode.toString(8)}`
      : '';
  const kinds = status === 'TYPE_CHANGED' ? `${before?.kind.toLowerCase()} → ${after?.kind.toLowerCase()}` : '';
  const size = (state: FileState | null) => (state?.bytes == null ? '' : sizeText(state.bytes));
  const sizes =
    status === 'MODIFIED' && before?.bytes !== after?.bytes
      ? `${size(before)} → ${size(after)}`
      : status === 'ADDED'
        ? size(after)
        : status === 'DELETED'
          ? size(before)
          : '';
  const parts = [kinds, modes, sizes].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** What differs, for programs: paths as UTF-8. */
export function differenceJson(difference: SnapshotDifference): unknown {
  const file = ({ path, oldPath, ...rest }: FileDifference) => ({ path: text(path), oldPath: oldPath && text(oldPath), ...rest });
  const head = (position: HeadPosition | null) => position && { ...position, branch: position.branch && text(position.branch) };
  return {
    same: isSame(difference),
    repositories: difference.repositories.map((repository) => ({
      ...repository,
      head: repository.head && { before: head(repository.head.before), after: head(repository.head.after) },
      refs: repository.refs.map(({ name, ...rest }) => ({ name: text(name), ...rest })),
      index: repository.index.map(({ path, status }) => ({ path: text(path), status })),
      files: repository.files?.map(file) ?? null,
    })),
    outside: difference.outside.map(file),
  };
}

const text = (path: BytePath): string => displayPath(path);
