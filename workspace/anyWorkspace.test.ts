import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { BlobRef } from '../domain/snapshot.ts';
import { joinBytes, parentOf, type BytePath } from './bytePath.ts';
import { noStat, parseIndex, serializeIndex } from './gitIndex.ts';
import type { RepositoryManifest } from './manifest.ts';
import type { RepositoryRequest } from './open.ts';
import { anyRun, baseFiles, takeTurn, type AnyRun, type AnySession } from './testParts/anySession.ts';
import { describeFiles, describeRepository, git, Lab, type LabWorkspace } from './testParts/lab.ts';

const { cases, seed } = inject('anyWorkspace');

let lab: Lab;
let remotes: ReadonlyMap<string, string>;
beforeAll(() => {
  lab = new Lab();
  remotes = new Map(['.', 'api', 'web/app'].map((folder, n) => [folder, lab.remote(baseFiles, `remote-${n}`)]));
});
afterAll(() => lab.close());

/** Removes a file, and folders that are empty without it. A folder's own files git has removed. */
function removeWithFolders(directory: string, path: BytePath): void {
  if (!path.endsWith('/')) rmSync(joinBytes(directory, path), { recursive: true, force: true });
  for (let parent = parentOf(path.replace(/\/$/, '')); parent !== ''; parent = parentOf(parent)) {
    const folder = joinBytes(directory, parent);
    if (!existsSync(folder) || readdirSync(folder).length > 0) return;
    rmdirSync(folder);
  }
}

/** What a capture left out by rule, and said so, is no part of the comparison. */
async function removeIgnored(workspace: LabWorkspace, manifest: BlobRef): Promise<void> {
  for (const { repository, ignored } of (await lab.manifest(manifest)).repositories) {
    const directory = join(workspace.directory, repository);
    git(directory, 'clean', '-fdXq');
    for (const path of ignored) removeWithFolders(directory, path);
  }
}

/**
 * A copy of the index that has git compare the files which are as they were opened. An agent that changes the rules of
 * their content leaves it to chance whether git looks at them again: https://git-scm.com/docs/racy-git
 */
function comparing(directory: string, { format, entries }: RepositoryManifest): string {
  const index = join(directory, '.git/index');
  if (!existsSync(index)) return index;
  const copy = lab.path('index');
  const captured = new Set(entries.map(({ path }) => path));
  const compared = parseIndex(readFileSync(index), format).map((entry) =>
    captured.has(entry.path) ? entry : { ...entry, stat: noStat },
  );
  writeFileSync(copy, serializeIndex(compared, format));
  const { atime, mtime } = statSync(index);
  utimesSync(copy, atime, mtime);
  return copy;
}

async function described({ directory }: LabWorkspace, manifest: BlobRef) {
  const { repositories } = await lab.manifest(manifest);
  return [
    describeFiles(directory),
    ...repositories.map((captured) => {
      const at = join(directory, captured.repository);
      return describeRepository(at, undefined, comparing(at, captured));
    }),
  ];
}

/** Goes through a session. Gives back the snapshot that the next one begins with, and what the workspace was then. */
async function goThrough({ turns, goesOnFrom }: AnySession, workspace: LabWorkspace, restored: BlobRef | null) {
  let previous = restored;
  let kept: { manifest: BlobRef; wanted: unknown } | null = null;
  for (const [n, turn] of turns.entries()) {
    takeTurn(workspace.directory, turn);
    const { summary } = await lab.capture(workspace, previous);
    previous = summary.manifest;
    if (n !== goesOnFrom) continue;
    await removeIgnored(workspace, previous);
    kept = { manifest: previous, wanted: await described(workspace, previous) };
  }
  if (kept === null) throw new Error('a session goes on from one of its turns');
  return kept;
}

async function carryThrough(run: AnyRun): Promise<void> {
  const repositories = run.folders.map((folder): RepositoryRequest => ({
    repository: folder,
    url: remotes.get(folder) ?? '',
    branch: null,
  }));
  const opened = [await lab.open(repositories)];
  try {
    let restored: BlobRef | null = null;
    for (const session of run.sessions) {
      const kept = await goThrough(session, opened.at(-1) as LabWorkspace, restored);
      restored = kept.manifest;
      const to = await lab.open(repositories, { restoring: restored });
      opened.push(to);
      const report = await lab.restore(to, restored);
      expect(report.entries.filter(({ status }) => status !== 'APPLIED')).toEqual([]);
      expect(await described(to, restored)).toEqual(kept.wanted);
      expect(report.exact).toBe(true);
    }
  } finally {
    for (const { directory, state } of opened) {
      rmSync(directory, { recursive: true, force: true });
      rmSync(state, { recursive: true, force: true });
    }
  }
}

describe('whatever an agent does in its workspace', { timeout: 60_000 + cases * 6_000 }, () => {
  // A failure prints seed and path of the smallest run that fails: fast-check takes them as `seed` and `path`.
  it('is captured, turn by turn, and restored elsewhere exactly, session after session', async () => {
    await fc.assert(fc.asyncProperty(anyRun, carryThrough), { numRuns: cases, seed, includeErrorInReport: true });
  });
});
