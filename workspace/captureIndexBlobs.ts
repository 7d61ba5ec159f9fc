import { createHash } from 'node:crypto';
import { isGitlink } from './baseTree.ts';
import type { BytePath } from './bytePath.ts';
import type { CapturedEntry } from './captureFiles.ts';
import { smallBytes, type ContentWriter, type Placement } from './contentWriter.ts';
import { blobSizes, readSmallBlobs, streamBlob } from './gitBlobs.ts';
import type { Gap, IndexedEntry, ObjectManifest } from './manifest.ts';
import type { SecretChecks } from './secretChecks.ts';
import type { SideRepository } from './sideRepository.ts';

/** A blob that only the index refers to, and where its content will be found. */
export interface CapturedObject {
  readonly oid: string;
  readonly bytes: number;
  readonly content: Placement;
}

export interface CaptureIndexBlobsRequest {
  readonly side: SideRepository;
  /** Lets git see the agent's objects. */
  readonly borrow: () => void;
  readonly changed: readonly IndexedEntry[];
  readonly entries: readonly CapturedEntry[];
  readonly hasBlob: (oid: string) => boolean;
  readonly previous: readonly ObjectManifest[];
  readonly secrets: SecretChecks;
  readonly writer: ContentWriter;
  readonly signal: AbortSignal;
}

/**
 * Stores what is staged and neither in a commit that travels nor, as it is, in the worktree. What is in the worktree
 * too, as after `git add`, is stored once.
 */
export async function captureIndexBlobs(request: CaptureIndexBlobsRequest): Promise<{ objects: CapturedObject[]; gaps: Gap[] }> {
  const { changed, entries, hasBlob, previous, writer } = request;
  const staged = new Map(changed.filter((entry) => !isGitlink(entry) && !hasBlob(entry.oid)).map((entry) => [entry.oid, entry]));
  const inWorktree = new Map(entries.flatMap((entry) => (entry.kind === 'FILE' ? [[entry.oid, entry] as const] : [])));
  const before = new Map(previous.map((object) => [object.oid, object]));
  const objects: CapturedObject[] = [];
  const toRead: string[] = [];
  for (const oid of staged.keys()) {
    const file = inWorktree.get(oid);
    const kept = before.get(oid);
    if (file?.content) objects.push({ oid, bytes: file.bytes, content: file.content });
    else if (kept) objects.push({ oid, bytes: kept.bytes, content: { parts: writer.keep(kept.parts) } });
    else toRead.push(oid);
  }
  const pathOf = (oid: string): BytePath => staged.get(oid)?.path ?? '';
  const { found, missing, secret } = await readBlobs(request, toRead, pathOf);
  const gaps = missing.map((oid): Gap => {
    return {
      path: pathOf(oid),
      status: 'FAILED',
      reason: 'OBJECT_MISSING',
      detail: `what is staged there, ${oid}, is not in the repository`,
    };
  });
  return { objects: [...objects, ...found].sort((a, b) => (a.oid < b.oid ? -1 : 1)), gaps: [...gaps, ...secret] };
}

async function readBlobs(
  { side, borrow, writer, secrets, signal }: CaptureIndexBlobsRequest,
  oids: readonly string[],
  pathOf: (oid: string) => BytePath,
) {
  const found: CapturedObject[] = [];
  const secret: Gap[] = [];
  if (oids.length === 0) return { found, missing: [], secret };
  const isLeftOut = async (oid: string, content: Buffer | null, sha256: string): Promise<boolean> => {
    const verdict = await secrets.look(pathOf(oid), content, sha256);
    if (verdict.kind !== 'SECRET') return false;
    const detail = `what is staged there looks like a secret, by the rule ${verdict.rule}`;
    const leftOut = secrets.policy === 'EXCLUDE';
    if (leftOut) secret.push({ path: pathOf(oid), status: 'SKIPPED', reason: 'SECRET_LIKE', detail });
    return leftOut;
  };
  borrow();
  const sizes = await blobSizes(side, oids, signal);
  for (const [oid, bytes] of sizes) {
    if (bytes > smallBytes && !(await isLeftOut(oid, null, '')))
      found.push({ oid, bytes, content: await readLarge(side, writer, oid, signal) });
  }
  const small = [...sizes].flatMap(([oid, bytes]) => (bytes <= smallBytes ? [oid] : []));
  for await (const { oid, content } of readSmallBlobs(side, small, signal)) {
    const sha256 = createHash('sha256').update(content).digest('hex');
    if (await isLeftOut(oid, content, sha256)) continue;
    found.push({ oid, bytes: content.length, content: await writer.small(content, sha256) });
  }
  return { found, secret, missing: oids.filter((oid) => !sizes.has(oid)) };
}

async function readLarge(side: SideRepository, writer: ContentWriter, oid: string, signal: AbortSignal): Promise<Placement> {
  let placed: Placement = { parts: [] };
  const read = async (content: AsyncIterable<Buffer>) => {
    placed = await writer.large(content);
  };
  await streamBlob(side, oid, read, signal);
  return placed;
}
