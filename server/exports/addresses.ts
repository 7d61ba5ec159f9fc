import type { RunId, SnapshotId } from '../../domain/ids.ts';

/** Below this path the gateway serves what can be downloaded. */
export const exportsPath = '/export';

/** The addresses of a run's transcript as files. */
export const transcriptUrls = (publicUrl: string, runId: RunId): { readonly jsonl: string; readonly markdown: string } => ({
  jsonl: `${publicUrl}${exportsPath}/${runId}.jsonl`,
  markdown: `${publicUrl}${exportsPath}/${runId}.md`,
});

/** The address of a snapshot as a tar archive. */
export const bundleUrl = (publicUrl: string, snapshotId: SnapshotId): string => `${publicUrl}${exportsPath}/${snapshotId}.tar`;
