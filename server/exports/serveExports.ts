import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseId, type RunId, type TeamId } from '../../domain/ids.ts';
import type { SnapshotSummary } from '../../domain/snapshot.ts';
import { openBundle, SnapshotIncompleteError } from '../../workspace/bundle.ts';
import { authenticate, credentialIn } from '../auth/authenticate.ts';
import { maySee, type Viewer } from '../auth/viewer.ts';
import type { Services } from '../schema/context.ts';
import { exportsPath } from './addresses.ts';
import { jsonLines, type ExportedRun } from './jsonLines.ts';
import { markdown } from './markdown.ts';
import { wholeLog } from './wholeLog.ts';

/** A file to download, as it is made. */
interface Download {
  readonly type: string;
  readonly name: string;
  readonly pieces: AsyncIterable<string | Buffer>;
}

/** Whether the path leads to a download. */
export const isExport = (path: string): boolean => path.startsWith(`${exportsPath}/`);

/** Serves transcripts and snapshots as files, to those who may see them; for others they do not exist. */
export async function serveExport(services: Services, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  const plain = (status: number, text: string) =>
    void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return plain(405, 'Downloads are asked for with GET.');
  }
  const credential = credentialIn(request.headers);
  const viewer = credential && (await authenticate(services.database, credential));
  if (!viewer) return plain(401, 'Sign in, or send an API token: Authorization: Bearer <token>.');
  try {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.slice(exportsPath.length + 1);
    const download = await find(services, viewer, name);
    if (!download) return plain(404, `There is nothing to download as ${name}, or it belongs to a team you are not in.`);
    response.writeHead(200, {
      'content-type': download.type,
      'content-disposition': `attachment; filename="${download.name}"`,
      // What agents wrote is never run by a browser that shows it.
      'content-security-policy': "default-src 'none'; sandbox",
    });
    if (request.method === 'HEAD') return void response.end();
    await pipeline(Readable.from(download.pieces, { objectMode: true, highWaterMark: 4 }), response);
  } catch (error) {
    if (error instanceof SnapshotIncompleteError) return plain(410, error.message);
    if ((error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    services.log.error({ err: error }, 'a download failed');
    // A download that was begun is cut off, so that nobody takes a part of it for all.
    if (response.headersSent) response.destroy();
    else plain(500, 'The download failed. Try again; the gateway’s log says why.');
  }
}

async function find(services: Services, viewer: Viewer, name: string): Promise<Download | null> {
  const [, id = '', extension] = /^(\w+)\.(jsonl|md|tar)$/.exec(name) ?? [];
  if (extension === 'tar') return bundle(services, viewer, id);
  const runId = parseId('run', id);
  const run = runId && (await services.database.run.findUnique({ where: { id: runId }, select: exported }));
  if (!runId || !run || !maySee(viewer, run.team.id)) return null;
  const log = seen(services, viewer, run.team.id, wholeLog(services.journal, runId as RunId));
  return extension === 'jsonl'
    ? { name, type: 'application/jsonl; charset=utf-8', pieces: jsonLines(run satisfies ExportedRun, log) }
    : { name, type: 'text/markdown; charset=utf-8', pieces: markdown(run satisfies ExportedRun, log) };
}

const exported = {
  id: true,
  title: true,
  state: true,
  origin: true,
  harness: true,
  creator: { select: { id: true, name: true } },
  team: { select: { id: true, name: true } },
  environment: { select: { id: true, name: true } },
  createdAt: true,
  endedAt: true,
} as const;

/** A long download is cut off when the viewer leaves the team meanwhile. */
async function* seen<T>({ database }: Services, viewer: Viewer, teamId: string, pages: AsyncIterable<T>): AsyncGenerator<T> {
  let checked = Date.now();
  for await (const page of pages) {
    if (Date.now() - checked > 30_000) {
      checked = Date.now();
      const { userId } = viewer;
      if (!(await database.membership.findUnique({ where: { userId_teamId: { userId, teamId } } })))
        throw new Error('the viewer left the team during a download');
    }
    yield page;
  }
}

async function bundle({ database, blobs }: Services, viewer: Viewer, id: string): Promise<Download | null> {
  const snapshotId = parseId('snp', id);
  const snapshot =
    snapshotId &&
    (await database.snapshot.findUnique({
      where: { id: snapshotId },
      select: { summary: true, run: { select: { teamId: true } } },
    }));
  if (!snapshotId || !snapshot || !maySee(viewer, snapshot.run.teamId)) return null;
  const summary = snapshot.summary as unknown as SnapshotSummary;
  return {
    name: `${snapshotId}.tar`,
    type: 'application/x-tar',
    pieces: await openBundle(blobs, snapshot.run.teamId as TeamId, summary, snapshotId),
  };
}
