import type { SnapshotId, TeamId } from '../../domain/ids.ts';
import type { SnapshotSummary } from '../../domain/snapshot.ts';
import { bundleUrl } from '../exports/addresses.ts';
import { builder } from './builder.ts';
import { SnapshotKindEnum } from './enums.ts';
import { cutPatch, type PatchView } from './patch.ts';
import { CaptureGapRef, CaptureWarningRef, FileChangeRef, RepositoryPositionRef } from './values.ts';

const PatchRef = builder.objectRef<PatchView>('Patch').implement({
  description: 'Changes as a unified diff.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'The diff.' }),
    bytes: t.exposeFloat('bytes', { description: 'The size of the whole diff.' }),
    truncated: t.exposeBoolean('truncated', { description: 'Whether files were left out at its end.' }),
  }),
});

/** Patches that a client may ask for at once, in bytes. */
const mostPatchBytes = 8_000_000;

const summaryOf = (row: { summary: unknown }): SnapshotSummary => row.summary as SnapshotSummary;

builder.prismaNode('Snapshot', {
  id: { field: 'id', description: 'The id.' },
  description: 'The workspace as it was.',
  include: { run: { select: { teamId: true } } },
  authScopes: (snapshot) => ({ team: snapshot.run.teamId }),
  fields: (t) => ({
    session: t.relation('session', { description: 'The session it was taken in.' }),
    kind: t.expose('kind', { type: SnapshotKindEnum, description: 'A checkpoint, or the session’s last.' }),
    quiesced: t.boolean({
      description: 'False when processes could still write while it was taken.',
      resolve: (row) => summaryOf(row).quiesced,
    }),
    repositories: t.field({
      type: [RepositoryPositionRef],
      description: 'Its repositories.',
      resolve: (row) => [...summaryOf(row).repositories],
    }),
    changes: t.field({
      type: [FileChangeRef],
      description: 'Files changed against the base; at most 500, `changedFiles` counts them all.',
      resolve: (row) => [...summaryOf(row).changes],
    }),
    changedFiles: t.int({
      description: 'How many files changed against the base.',
      resolve: (row) => summaryOf(row).changedFiles,
    }),
    patch: t.field({
      type: PatchRef,
      nullable: true,
      description: 'The changes as a unified diff, at most `maxBytes` of it, cut at a file’s end; null when nothing changed.',
      args: { maxBytes: t.arg.int({ defaultValue: 1_000_000, required: true, description: `At most ${mostPatchBytes} bytes.` }) },
      complexity: 50,
      resolve: async (row, { maxBytes }, { blobs }) => {
        const { patch } = summaryOf(row);
        if (!patch) return null;
        const content = await blobs.get(row.run.teamId as TeamId, patch.hash);
        return cutPatch(content, Math.max(0, Math.min(maxBytes, mostPatchBytes)));
      },
    }),
    gaps: t.field({
      type: [CaptureGapRef],
      description: 'Entries that it does not hold, and why; at most 200, `gapCount` counts them all.',
      resolve: (row) => [...summaryOf(row).gaps],
    }),
    gapCount: t.int({ description: 'How many entries it does not hold.', resolve: (row) => summaryOf(row).gapCount }),
    warnings: t.field({
      type: [CaptureWarningRef],
      description: 'Entries that look like secrets, by the environment’s policy; at most 200, `warningCount` counts them all.',
      resolve: (row) => [...(summaryOf(row).warnings ?? [])],
    }),
    warningCount: t.int({
      description: 'How many entries look like secrets.',
      resolve: (row) => summaryOf(row).warningCount ?? 0,
    }),
    entries: t.int({ description: 'How many entries it holds.', resolve: (row) => summaryOf(row).entries }),
    bytes: t.float({ description: 'Bytes it refers to, before compression.', resolve: (row) => summaryOf(row).bytes }),
    storedBytes: t.float({
      description: 'Bytes that were new to the store, as stored.',
      resolve: (row) => summaryOf(row).storedBytes,
    }),
    tookMs: t.int({ description: 'How long it took, in milliseconds.', resolve: (row) => Math.round(summaryOf(row).tookMs) }),
    bundleUrl: t.string({
      description:
        'Where it can be downloaded as a tar archive that plain git and tar put back. It takes the same sign-in or token as the API.',
      resolve: (row, _args, { publicUrl }) => bundleUrl(publicUrl, row.id as SnapshotId),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was taken.' }),
  }),
});
