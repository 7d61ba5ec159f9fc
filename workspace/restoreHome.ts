import { realpath } from 'node:fs/promises';
import { Beneath } from './beneath.ts';
import { homePath, isWithin, unsafePath, type BytePath } from './bytePath.ts';
import { walkHome } from './captureOutside.ts';
import type { ContentReader } from './contentReader.ts';
import type { HomeManifest } from './manifest.ts';
import { restoreFiles } from './restoreFiles.ts';
import { lostAtCapture, type RestoreLog, type RestoreProblem } from './restoreLog.ts';
import { verifyFiles } from './verifyFiles.ts';

export interface RestoreHomeRequest {
  /** The home, on this worker; none where there is no agent to have one. */
  readonly home: string | undefined;
  /** Nothing when the environment named nothing of it. */
  readonly manifest: HomeManifest | undefined;
  readonly reader: ContentReader;
  readonly log: RestoreLog;
  readonly signal: AbortSignal;
}

/**
 * Puts back what the environment named of the agent's home, into the new one; what the named folders have and had not
 * goes, the rest of the home stays. Returns the files' states for the next capture.
 */
export async function restoreHome(request: RestoreHomeRequest): Promise<Record<BytePath, string>> {
  const { home, manifest, log } = request;
  if (!manifest) return {};
  const problem = ({ path, ...rest }: RestoreProblem) =>
    log.problem('.', { ...rest, path: path === null ? null : homePath(path) });
  for (const lost of lostAtCapture(manifest.gaps)) problem(lost);
  if (home === undefined) {
    problem({ subject: 'FILE', path: '', status: 'SKIPPED', reason: 'NO_HOME', detail: 'There is no home here to put it into.' });
    return {};
  }
  const files = new Beneath(await realpath(home));
  try {
    return await putBack(files, manifest, request, problem);
  } finally {
    files.close();
  }
}

async function putBack(
  files: Beneath,
  { roots, folders, entries }: HomeManifest,
  { reader, log, signal }: RestoreHomeRequest,
  problem: (problem: RestoreProblem) => void,
): Promise<Record<BytePath, string>> {
  const wanted = new Set(entries.map((entry) => entry.path));
  for (const path of (await walkHome(files, roots, signal)).walk.paths) if (!wanted.has(path)) files.remove(path);
  const applied = await restoreFiles({
    files,
    entries,
    nested: [],
    reader,
    side: null,
    tree: null,
    sameBase: true,
    problem,
    onContent: () => {},
    signal,
  });
  const held = new Set(folders.map(([path]) => path));
  // From the end, so that a folder which held nothing but empty ones is empty when its turn comes.
  const { walk } = await walkHome(files, roots, signal);
  for (const path of [...walk.held, ...walk.empty].sort().toReversed())
    if (!wanted.has(path) && !held.has(path)) files.removeEmptyDirectory(path);
  for (const [path, mode] of folders)
    if (isNamed(roots, path) && files.stat(path)?.isDirectory()) files.chmodDirectory(path, mode);
  const { wrong, seen } = await verifyFiles(files, entries, signal);
  for (const { path, why } of wrong)
    problem({ subject: 'FILE', path, status: 'FAILED', reason: 'DIFFERS', detail: `It is not as it was captured: ${why}.` });
  if (entries.length > 0) log.applied('.', 'WORKTREE', applied, `${applied} files of the agent’s home put back.`);
  return seen;
}

/** A manifest can be anyone's: modes of what is not named are not its to set. */
const isNamed = (roots: readonly BytePath[], path: BytePath): boolean =>
  unsafePath(path) === null && roots.some((root) => isWithin(root, path));
