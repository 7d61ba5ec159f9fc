import { createHash } from 'node:crypto';
import type { BytePath } from './bytePath.ts';
import type { ContentReader } from './contentReader.ts';
import type { GitManifest, Part } from './manifest.ts';
import type { ObjectFormat } from './gitIndex.ts';

/** Where a fetched bundle has the commit of HEAD, also when HEAD is on no branch. */
const headRef = 'refs/baton/head';
const packHeaderBytes = 12;

const bytesOf = (parts: readonly Part[]): number => parts.reduce((sum, [, , length]) => sum + length, 0);

/**
 * What a snapshot holds of a repository's commits, as a bundle that git fetches from:
 * https://git-scm.com/docs/gitformat-bundle. Null when there is no ref to carry.
 */
export function gitBundle(
  git: GitManifest,
  format: ObjectFormat,
  reader: ContentReader,
): { readonly bytes: number; readonly pieces: AsyncIterable<Buffer> } | null {
  const refs = refsOf(git);
  if (refs.length === 0) return null;
  const header = Buffer.from(
    [
      ...(format === 'sha256' ? ['# v3 git bundle', '@object-format=sha256'] : ['# v2 git bundle']),
      ...git.commits.prerequisites.map((oid) => `-${oid} `),
      ...refs.map(([name, oid]) => `${oid} ${name}`),
      '\n',
    ].join('\n'),
    'latin1',
  );
  const { packs } = git.commits;
  const trailer = format === 'sha256' ? 32 : 20;
  const objects = packs.reduce((sum, parts) => sum + bytesOf(parts) - packHeaderBytes - trailer, 0);
  return {
    bytes: header.length + packHeaderBytes + objects + trailer,
    pieces: (async function* () {
      yield header;
      yield* joinPacks(packs, format, reader);
    })(),
  };
}

/** Branches, tags and the stash; what the agent's remotes said is none of a snapshot's. */
function refsOf({ refs, headCommit }: GitManifest): [BytePath, string][] {
  const carried = refs.flatMap(([name, target]): [BytePath, string][] =>
    'oid' in target && !name.startsWith('refs/remotes/') ? [[name, target.oid]] : [],
  );
  return headCommit === null ? carried : [...carried, [headRef, headCommit]];
}

/**
 * One pack of all. Packs refer to other objects of theirs by how far back those lie, never by place, so their objects
 * can follow each other under one header: https://git-scm.com/docs/gitformat-pack
 */
async function* joinPacks(
  packs: readonly (readonly Part[])[],
  format: ObjectFormat,
  reader: ContentReader,
): AsyncGenerator<Buffer> {
  const hash = createHash(format);
  const trailer = format === 'sha256' ? 32 : 20;
  const header = Buffer.alloc(packHeaderBytes);
  header.write('PACK');
  header.writeUInt32BE(2, 4);
  let objects = 0;
  for (const parts of packs) objects += (await begin(reader, parts)).readUInt32BE(8);
  header.writeUInt32BE(objects, 8);
  hash.update(header);
  yield header;
  for (const parts of packs) {
    let at = 0;
    const end = bytesOf(parts) - trailer;
    for await (const piece of reader.read(parts)) {
      const own = piece.subarray(Math.max(0, packHeaderBytes - at), Math.max(0, end - at));
      at += piece.length;
      hash.update(own);
      yield own;
    }
  }
  yield hash.digest();
}

async function begin(reader: ContentReader, parts: readonly Part[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of reader.read(parts)) {
    pieces.push(piece);
    length += piece.length;
    if (length >= packHeaderBytes) break;
  }
  return Buffer.concat(pieces);
}
