import type { CaptureGap } from '../../domain/snapshot.ts';
import { displayPath, homePath } from '../../workspace/bytePath.ts';
import { allRepositories, type Manifest, type ManifestEntry, type RepositoryManifest } from '../../workspace/manifest.ts';
import { plural, shown, sizeText } from './text.ts';

/** Ignored paths and gaps that are named one by one. */
const named = 20;

/** Reasons that are no loss of content: what of a file did not travel beside it, and what has no content. */
const notes = new Set([
  'HARD_LINK',
  'SPECIAL_MODE',
  'CONFIG_NOT_CARRIED',
  'HOOK',
  'GIT_STATE',
  'FIFO',
  'SOCKET',
  'DEVICE',
  'SPECIAL_FILE',
  'LINKED_WORKTREE',
]);

/** Everything that a snapshot does not hold, with where it was. */
export const gapsOf = (manifest: Manifest): CaptureGap[] => [
  ...allRepositories(manifest).flatMap(({ repository, gaps }) =>
    gaps.map((gap) => ({ ...gap, repository, path: displayPath(gap.path) })),
  ),
  ...manifest.outside.gaps.map((gap) => ({ ...gap, repository: '.', path: displayPath(gap.path) })),
  ...(manifest.home?.gaps ?? []).map((gap) => ({ ...gap, repository: '.', path: displayPath(homePath(gap.path)) })),
];

/** Whether there was content that the snapshot does not hold. */
export const isLeftOut = ({ reason }: CaptureGap): boolean => !notes.has(reason);

/** What a snapshot did not take along and why, in lines; empty when it took everything. */
export function gapsText(manifest: Manifest): string {
  const gaps = gapsOf(manifest);
  if (gaps.length === 0) return '';
  const lines = gaps.toSorted((a, b) => Number(isLeftOut(b)) - Number(isLeftOut(a))).slice(0, named);
  const more = gaps.length > lines.length ? `  and ${gaps.length - lines.length} more; --json names all\n` : '';
  const line = ({ repository, path, detail, reason }: CaptureGap) =>
    `  ${shown(repository === '.' ? path : `${repository}/${path}`)}: ${shown(detail)} (${reason})\n`;
  return `\nNot in the snapshot:\n${lines.map(line).join('')}${more}`;
}

/** What a snapshot holds, in lines. */
export function summaryText(manifest: Manifest): string {
  const { outside, home, blobs } = manifest;
  const size = blobs.reduce((sum, { bytes }) => sum + bytes, 0);
  const beside = outside.entries.length > 0 ? [`Beside the repositories: ${entriesText(outside.entries)}`] : [];
  return [
    ...allRepositories(manifest).flatMap(repositoryLines),
    ...beside,
    ...(home ? [`The agent’s home: ${entriesText(home.entries)}`] : []),
    `Content: ${sizeText(size)} before compression`,
    '',
  ].join('\n');
}

function repositoryLines(repository: RepositoryManifest): string[] {
  const { repository: folder, url, git, base, entries, ignoredCount, changes, format } = repository;
  const title = `Repository ${folder === '.' ? '(the directory itself)' : shown(folder)}${url === '' ? '' : `, from ${shown(url)}`}`;
  if (!repository.present) return [title, '  its folder was gone'];
  const count = (prefix: string) => git?.refs.filter(([name]) => name.startsWith(prefix)).length ?? 0;
  const bytes = git?.commits.packs.flat().reduce((sum, [, , length]) => sum + length, 0) ?? 0;
  const index = git?.index ? git.index.changed.length + git.index.removed.length : null;
  const since = base === null ? 'the empty tree' : base.slice(0, 10);
  return [
    title,
    `  HEAD       ${headText(git)}${format === 'sha256' ? ', sha256' : ''}`,
    `  Refs       ${plural(count('refs/heads/'), 'branch').replace(
      'branchs',
      'branches',
    )}, ${plural(count('refs/tags/'), 'tag')}, ${count('refs/remotes/')} remote-tracking`,
    `  Commits    ${plural(git?.commits.unpushed ?? 0, 'commit')} on no remote; packs of ${sizeText(bytes)}`,
    `  Index      ${index === null ? 'not read' : `${plural(index, 'entry')} not as ${since} has them`}`,
    `  Worktree   ${entriesText(entries)}`,
    `  Changes    ${plural(changes.length, 'file')} changed since ${since}`,
    ...(ignoredCount > 0
      ? [`  Ignored    ${ignoredCount} left out by the repository’s own rules: ${ignoredText(repository)}`]
      : []),
  ];
}

function headText(git: RepositoryManifest['git']): string {
  if (!git?.head) return 'not read';
  const commit = git.headCommit?.slice(0, 10) ?? 'no commit yet';
  return 'branch' in git.head ? `${shown(displayPath(git.head.branch))} at ${commit}` : `detached at ${commit}`;
}

function entriesText(entries: readonly ManifestEntry[]): string {
  const of = (kind: ManifestEntry['kind']) => entries.filter((entry) => entry.kind === kind).length;
  const bytes = entries.reduce((sum, entry) => sum + (entry.kind === 'FILE' ? entry.bytes : 0), 0);
  const parts = [
    `${plural(of('FILE'), 'file')} (${sizeText(bytes)})`,
    ...(of('LINK') > 0 ? [plural(of('LINK'), 'link')] : []),
    ...(of('DIRECTORY') > 0 ? [`${plural(of('DIRECTORY'), 'empty folder')}`] : []),
    ...(of('ABSENT') > 0 ? [`${of('ABSENT')} deleted`] : []),
  ];
  return parts.join(', ');
}

function ignoredText({ ignored, ignoredCount }: RepositoryManifest): string {
  const names = ignored.slice(0, 5).map((path) => shown(displayPath(path)));
  return `${names.join(', ')}${ignoredCount > names.length ? ' …' : ''}`;
}
