import type { Beneath } from './beneath.ts';
import type { BytePath } from './bytePath.ts';
import { captureFiles, type CapturedEntry, type FileKnowledge } from './captureFiles.ts';
import type { ContentWriter } from './contentWriter.ts';
import type { Gap, ManifestEntry } from './manifest.ts';
import type { Sizes } from './sizeLimits.ts';
import { walkFolder, type FolderWalk } from './walkFolder.ts';

export interface CaptureOutsideRequest {
  readonly files: Beneath;
  /** The workspace's repositories: what lies in them is theirs. */
  readonly repositories: readonly BytePath[];
  readonly previous: readonly ManifestEntry[];
  readonly seen: Readonly<Record<BytePath, string>> | null;
  readonly writer: ContentWriter;
  readonly sizes: Sizes;
  readonly signal: AbortSignal;
}

export interface CapturedOutside {
  readonly entries: readonly CapturedEntry[];
  readonly gaps: readonly Gap[];
  readonly seen: Record<BytePath, string>;
}

const nothingKnown: FileKnowledge = { base: () => null, hasBlob: () => false, tracks: () => false, glance: () => 'COMPARE' };

/** Captures what lies in the workspace beside its repositories. No rule ignores anything there. */
export async function captureOutside(request: CaptureOutsideRequest): Promise<CapturedOutside> {
  const walk = await walkOutside(request.files, request.repositories, request.signal);
  const captured = await captureFiles({
    files: request.files,
    format: 'sha1',
    paths: walk.paths.sort(),
    knowledge: async () => nothingKnown,
    seen: request.seen ?? {},
    previous: new Map(request.seen ? request.previous.map((entry) => [entry.path, entry]) : []),
    gitChanged: false,
    writer: request.writer,
    sizes: request.sizes,
    onContent: () => {},
    signal: request.signal,
  });
  const directories = walk.empty.flatMap((path): CapturedEntry[] => {
    const stat = request.files.stat(path);
    return stat?.isDirectory() ? [{ kind: 'DIRECTORY', path, mode: Number(stat.mode & 0o777n) }] : [];
  });
  return {
    entries: [...captured.entries, ...directories].sort((a, b) => (a.path < b.path ? -1 : 1)),
    gaps: [...walk.gaps, ...captured.gaps],
    seen: captured.seen,
  };
}

/** Every file and empty directory beside the repositories; what cannot travel is named. */
export async function walkOutside(files: Beneath, repositories: readonly BytePath[], signal: AbortSignal): Promise<FolderWalk> {
  const walk: FolderWalk = { paths: [], empty: [], gaps: [] };
  if (!repositories.includes('')) await walkFolder({ files, leaveOut: repositories, signal }, '', walk);
  return walk;
}
