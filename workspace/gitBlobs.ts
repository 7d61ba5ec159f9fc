import type { SideGit } from './sideRepository.ts';

/** Blobs that one call reads, so that memory stays bounded. */
const atOnce = 64;

/** Reads small blobs, of which all must be there: `<oid> blob <size>\n<content>\n` for each. */
export async function* readSmallBlobs(
  side: SideGit,
  oids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly oid: string; readonly content: Buffer }> {
  for (let at = 0; at < oids.length; at += atOnce) {
    const input = oids
      .slice(at, at + atOnce)
      .map((oid) => `${oid}\n`)
      .join('');
    const { stdout } = await side.run(['cat-file', '--batch', '--buffer'], { input, signal });
    for (let start = 0; start < stdout.length;) {
      const end = stdout.indexOf(10, start);
      const [oid = '', , size = '0'] = stdout.toString('latin1', start, end).split(' ');
      yield { oid, content: stdout.subarray(end + 1, end + 1 + Number(size)) };
      start = end + 2 + Number(size);
    }
  }
}

/** Reads a blob of any size as it comes. */
export async function streamBlob(
  side: SideGit,
  oid: string,
  read: (content: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await side.run(['cat-file', 'blob', oid], { signal, readStdout: read });
}

/** Of these objects, the blobs, with their sizes. */
export async function blobSizes(side: SideGit, oids: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
  if (oids.length === 0) return new Map();
  const input = oids.map((oid) => `${oid}\n`).join('');
  const { stdout } = await side.run(['cat-file', '--batch-check', '--buffer'], { input, signal });
  const lines = stdout.toString('latin1').trim().split('\n');
  return new Map(
    lines
      .map((line) => line.split(' '))
      .flatMap(([oid = '', type, size]) => (type === 'blob' ? [[oid, Number(size)] as const] : [])),
  );
}
