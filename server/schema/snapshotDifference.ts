import { resolveArrayConnection } from '@pothos/plugin-relay';
import { BlobCorruptError, BlobMissingError } from '../../blobs/blobStore.ts';
import { parseId, type SnapshotId, type TeamId } from '../../domain/ids.ts';
import type { SnapshotSummary } from '../../domain/snapshot.ts';
import { displayPath } from '../../workspace/bytePath.ts';
import {
  differenceBetween,
  differenceStatuses,
  isSame,
  type FileDifference,
  type HeadPosition,
  type IndexDifference,
  type RefDifference,
  type RepositoryDifference,
  type SnapshotDifference,
} from '../../workspace/difference.ts';
import { DifferencePatches } from '../../workspace/differencePatches.ts';
import { patchKinds, type FilePatch } from '../../workspace/filePatch.ts';
import { ManifestUnreadableError, readManifest, type Manifest } from '../../workspace/manifest.ts';
import { maySee } from '../auth/viewer.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { DifferenceTooLargeError, NotFoundError, SnapshotGoneError } from './errors.ts';
import { pageOf } from './pages.ts';

/** A manifest of more than this is not compared here. Bytes. */
const mostManifestBytes = 32 * 1024 * 1024;
/** Files of one page, with their patches. */
const files = { defaultSize: 50, maxSize: 200 } as const;
/** Refs and paths of the index that are named. */
const named = 200;

interface Compared {
  readonly before: SnapshotId;
  readonly after: SnapshotId;
  readonly difference: SnapshotDifference;
  readonly patches: DifferencePatches;
}

/** A file with where its patch is read. */
interface ComparedFile {
  readonly file: FileDifference;
  /** Null beside the repositories. */
  readonly repository: string | null;
  readonly patches: DifferencePatches;
}

const HeadRef = builder.objectRef<HeadPosition>('HeadPosition').implement({
  description: 'Where HEAD is.',
  fields: (t) => ({
    branch: t.string({
      nullable: true,
      description: 'The branch; null when HEAD is detached.',
      resolve: ({ branch }) => branch && displayPath(branch),
    }),
    commit: t.exposeString('commit', { nullable: true, description: 'Its commit; null on a branch without commits.' }),
  }),
});

const RefDifferenceRef = builder.objectRef<RefDifference>('RefDifference').implement({
  description: 'A branch, tag or other ref that leads elsewhere.',
  fields: (t) => ({
    name: t.string({ description: 'Its full name.', resolve: ({ name }) => displayPath(name) }),
    before: t.exposeString('before', { nullable: true, description: 'Where it led; null when it was not there.' }),
    after: t.exposeString('after', { nullable: true, description: 'Where it leads; null when it is gone.' }),
  }),
});

const IndexDifferenceStatusEnum = builder.enumType('IndexDifferenceStatus', {
  description: 'What became of an entry of the index.',
  values: ['ADDED', 'REMOVED', 'CHANGED'] as const,
});

const IndexDifferenceRef = builder.objectRef<IndexDifference>('IndexDifference').implement({
  description: 'A path that is staged otherwise.',
  fields: (t) => ({
    path: t.string({ description: 'The path in the repository.', resolve: ({ path }) => displayPath(path) }),
    status: t.expose('status', { type: IndexDifferenceStatusEnum, description: 'What became of it.' }),
  }),
});

const PresenceEnum = builder.enumType('SnapshotPresence', {
  description: 'Which of two snapshots have a repository.',
  values: ['BOTH', 'BEFORE', 'AFTER'] as const,
});

const RepositoryDifferenceRef = builder.objectRef<RepositoryDifference>('RepositoryDifference').implement({
  description: 'What differs in one repository, but for its files.',
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'Its folder in the workspace; `.` for the only one.' }),
    presence: t.expose('presence', { type: PresenceEnum, description: 'Which of the two have it.' }),
    headMoved: t.boolean({ description: 'Whether HEAD is elsewhere.', resolve: ({ head }) => head !== null }),
    headBefore: t.field({
      type: HeadRef,
      nullable: true,
      description: 'Where HEAD was, when it moved; null when there was none.',
      resolve: ({ head }) => head?.before,
    }),
    headAfter: t.field({
      type: HeadRef,
      nullable: true,
      description: 'Where HEAD is, when it moved; null when there is none.',
      resolve: ({ head }) => head?.after,
    }),
    refs: t.field({
      type: [RefDifferenceRef],
      description: `Refs that lead elsewhere; at most ${named}, \`refCount\` counts them all.`,
      resolve: ({ refs }) => refs.slice(0, named),
    }),
    refCount: t.int({ description: 'How many refs lead elsewhere.', resolve: ({ refs }) => refs.length }),
    index: t.field({
      type: [IndexDifferenceRef],
      description: `Paths that are staged otherwise; at most ${named}, \`indexCount\` counts them all.`,
      resolve: ({ index }) => index.slice(0, named),
    }),
    indexCount: t.int({ description: 'How many paths are staged otherwise.', resolve: ({ index }) => index.length }),
    comparable: t.boolean({
      description:
        'False when the snapshots build on different commits of the remote: then its files are not compared, as neither tells what those commits have.',
      resolve: (repository) => repository.files !== null,
    }),
  }),
});

const FilePatchKindEnum = builder.enumType('FilePatchKind', {
  description:
    'TEXT: there is a diff. BINARY: it is no text. TOO_LARGE: it is too large, or takes too long, to be compared by lines. ELSEWHERE: only the remote has its content.',
  values: patchKinds,
});

const FilePatchRef = builder.objectRef<FilePatch>('FilePatch').implement({
  description: 'What differs in one file, by lines.',
  fields: (t) => ({
    kind: t.expose('kind', { type: FilePatchKindEnum, description: 'Whether there is a diff, or why not.' }),
    text: t.string({
      nullable: true,
      description: 'The unified diff, as git writes it.',
      resolve: (patch) => (patch.kind === 'TEXT' ? patch.patch : null),
    }),
    additions: t.int({
      nullable: true,
      description: 'Lines added.',
      resolve: (patch) => (patch.kind === 'TEXT' ? patch.additions : null),
    }),
    deletions: t.int({
      nullable: true,
      description: 'Lines taken away.',
      resolve: (patch) => (patch.kind === 'TEXT' ? patch.deletions : null),
    }),
  }),
});

const FileDifferenceStatusEnum = builder.enumType('FileDifferenceStatus', {
  description:
    'What became of a file. RENAMED: one with the same content is at another path. MODE_CHANGED: only its mode is another.',
  values: differenceStatuses,
});

const octal = (mode: number | undefined): string | null => (mode === undefined ? null : mode.toString(8).padStart(3, '0'));

const FileDifferenceRef = builder.objectRef<ComparedFile>('FileDifference').implement({
  description: 'A file that is not the same in two snapshots.',
  fields: (t) => ({
    repository: t.string({
      description: 'The repository’s folder in the workspace; `.` for the only one, and for files beside them all.',
      resolve: ({ repository }) => repository ?? '.',
    }),
    path: t.string({ description: 'The path in the repository, as UTF-8.', resolve: ({ file }) => displayPath(file.path) }),
    oldPath: t.string({
      nullable: true,
      description: 'Where a renamed file was.',
      resolve: ({ file }) => file.oldPath && displayPath(file.oldPath),
    }),
    status: t.field({ type: FileDifferenceStatusEnum, description: 'What became of it.', resolve: ({ file }) => file.status }),
    bytesBefore: t.float({
      nullable: true,
      description: 'Its size before; null where it was not there, or as its commit has it.',
      resolve: ({ file }) => file.before?.bytes,
    }),
    bytesAfter: t.float({
      nullable: true,
      description: 'Its size after; null where it is gone, or as its commit has it.',
      resolve: ({ file }) => file.after?.bytes,
    }),
    modeBefore: t.string({
      nullable: true,
      description: 'Its permission bits before, in octal.',
      resolve: ({ file }) => octal(file.before?.mode),
    }),
    modeAfter: t.string({
      nullable: true,
      description: 'Its permission bits after, in octal.',
      resolve: ({ file }) => octal(file.after?.mode),
    }),
    patch: t.field({
      type: FilePatchRef,
      description: 'What differs in it, read when it is asked for.',
      complexity: 10,
      resolve: ({ patches, repository, file }) => patchOf(patches, repository, file),
    }),
  }),
});

async function patchOf(patches: DifferencePatches, repository: string | null, file: FileDifference): Promise<FilePatch> {
  try {
    return await patches.of(repository, file);
  } catch (error) {
    if (error instanceof BlobMissingError || error instanceof BlobCorruptError) return { kind: 'ELSEWHERE' };
    throw error;
  }
}

const SnapshotDifferenceRef = builder.objectRef<Compared>('SnapshotDifference').implement({
  description: 'What differs from one snapshot to another.',
  fields: (t) => ({
    before: t.prismaField({
      type: 'Snapshot',
      description: 'The one.',
      resolve: (query, { before }, _args, { database }) =>
        database.snapshot.findUniqueOrThrow({ ...query, where: { id: before } }),
    }),
    after: t.prismaField({
      type: 'Snapshot',
      description: 'The other.',
      resolve: (query, { after }, _args, { database }) => database.snapshot.findUniqueOrThrow({ ...query, where: { id: after } }),
    }),
    same: t.boolean({
      description: 'Whether nothing differs: no file, no ref, nothing staged.',
      resolve: ({ difference }) => isSame(difference),
    }),
    repositories: t.field({
      type: [RepositoryDifferenceRef],
      description: 'Every repository of either.',
      resolve: ({ difference }) => [...difference.repositories],
    }),
    fileCount: t.int({ description: 'How many files differ.', resolve: (compared) => filesOf(compared).length }),
    files: t.connection({
      type: FileDifferenceRef,
      description: 'Files that differ, by repository and path.',
      complexity: (page) => ({ field: 5, multiplier: pageOf(page, files.defaultSize, files.maxSize) / 10 }),
      resolve: (compared, args) => resolveArrayConnection({ args, ...files }, filesOf(compared)),
    }),
  }),
});

const filesOf = ({ difference, patches }: Compared): ComparedFile[] => [
  ...difference.repositories.flatMap(({ repository, files }) => (files ?? []).map((file) => ({ file, repository, patches }))),
  ...difference.outside.map((file) => ({ file, repository: null, patches })),
];

builder.queryField('snapshotDifference', (t) =>
  t.field({
    type: SnapshotDifferenceRef,
    errors: {
      types: [NotFoundError, SnapshotGoneError, DifferenceTooLargeError],
      union: { name: 'SnapshotDifferenceResult', description: 'What snapshotDifference comes to.' },
    },
    description: 'What differs between two snapshots, of one run or of two.',
    args: {
      before: t.arg.id({ required: true, description: 'The snapshot to compare from.' }),
      after: t.arg.id({ required: true, description: 'The snapshot to compare to.' }),
    },
    complexity: 100,
    resolve: async (_root, args, context) => {
      const [before, after] = [await requireSnapshot(context, args.before), await requireSnapshot(context, args.after)];
      const manifests = [await manifestOf(context, before), await manifestOf(context, after)] as const;
      return {
        before: before.id,
        after: after.id,
        difference: differenceBetween(...manifests),
        patches: new DifferencePatches({ blobs: context.blobs, teams: [before.teamId, after.teamId], manifests }),
      };
    },
  }),
);

interface FoundSnapshot {
  readonly id: SnapshotId;
  readonly teamId: TeamId;
  readonly summary: SnapshotSummary;
}

/** Throws NotFoundError when it does not exist for the viewer. */
async function requireSnapshot({ database, viewer }: Context, given: string): Promise<FoundSnapshot> {
  const id = parseId('snp', given);
  const row =
    id && (await database.snapshot.findUnique({ where: { id }, select: { summary: true, run: { select: { teamId: true } } } }));
  if (!id || !row || !maySee(viewer, row.run.teamId)) throw new NotFoundError('snapshot', given);
  return { id, teamId: row.run.teamId as TeamId, summary: row.summary as unknown as SnapshotSummary };
}

async function manifestOf({ blobs }: Context, { id, teamId, summary }: FoundSnapshot): Promise<Manifest> {
  if (summary.manifest.bytes > mostManifestBytes)
    throw new DifferenceTooLargeError(
      `The snapshot ${id} has too many entries to be compared here. Download both and compare them.`,
    );
  try {
    return await readManifest(blobs, teamId, summary.manifest);
  } catch (error) {
    if (error instanceof BlobMissingError || error instanceof BlobCorruptError || error instanceof ManifestUnreadableError)
      throw new SnapshotGoneError(id, `What the snapshot ${id} holds can no longer be read, so it cannot be compared.`);
    throw error;
  }
}
