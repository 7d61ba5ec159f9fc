import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenedRepository } from '../domain/events.ts';
import { Beneath } from './beneath.ts';
import { displayPath, type BytePath } from './bytePath.ts';
import type { Git } from './git.ts';
import { serializeIndex, type ObjectFormat } from './gitIndex.ts';
import { readSettings } from './localSettings.ts';
import { SideRepository, type FileSystemSettings } from './sideRepository.ts';
import type { OpenedMemory, WorkspaceState } from './workspaceState.ts';

/** Where HEAD is put when it cannot be where it was. */
const firstBranch = 'main';

/**
 * A repository that nobody opened is taken for one that was opened with nothing in it: then all of it is work.
 * `trusted` are objects that it has from the one that it belongs to.
 */
export function nestedOpened(
  repository: string,
  format: ObjectFormat,
  trusted: readonly string[],
): { repository: OpenedRepository; atOpen: OpenedMemory } {
  const base = '0'.repeat(format === 'sha256' ? 64 : 40);
  return {
    repository: { repository, url: '', baseBranch: firstBranch, base, branch: firstBranch },
    // No directory has this time, so that each is looked into.
    atOpen: { format, trusted: [...trusted], directories: { '': '0' }, gitlinks: [], settings: [] },
  };
}

/** What every file system of the machine does. */
const onMac = process.platform === 'darwin';
export const fileSystemHere: FileSystemSettings = {
  filemode: true,
  symlinks: true,
  ignorecase: onMac,
  precomposeunicode: onMac,
};

/** Where a nested repository lies: its folder and its git directories, as paths of the workspace. */
export interface NestedAt {
  readonly state: WorkspaceState;
  readonly directory: string;
  readonly folder: BytePath;
  readonly gitDirectory: BytePath;
  readonly commonDirectory: BytePath;
  readonly git: Git;
}

const sideOf = (at: NestedAt, format: ObjectFormat): SideRepository =>
  new SideRepository({
    directory: at.state.nestedDirectory(at.folder),
    worktree: join(at.directory, displayPath(at.folder)),
    gitDirectory: join(at.directory, displayPath(at.gitDirectory)),
    commonDirectory: join(at.directory, displayPath(at.commonDirectory)),
    format,
    git: at.git,
  });

/** Makes the side repository anew, with nothing in its index. */
export function makeNestedSide(at: NestedAt, format: ObjectFormat): SideRepository {
  const side = sideOf(at, format);
  side.create(fileSystemHere);
  writeFileSync(side.index, serializeIndex([], format));
  return side;
}

/** The side repository of one that is there, in the format that its settings name; made where there is none yet. */
export async function findNestedSide(
  at: NestedAt,
  signal: AbortSignal,
): Promise<{ readonly side: SideRepository; readonly isNew: boolean }> {
  const remembered = formatOf(at.state.nestedDirectory(at.folder));
  const some = remembered === null ? makeNestedSide(at, 'sha1') : sideOf(at, remembered);
  const common = new Beneath(some.commonDirectory);
  try {
    const settings = (await readSettings(some, common, signal)) ?? [];
    const isSha256 = settings.some(([key, value]) => key === 'extensions.objectformat' && value.toLowerCase() === 'sha256');
    const format = isSha256 ? 'sha256' : 'sha1';
    return format === some.format
      ? { side: some, isNew: remembered === null }
      : { side: makeNestedSide(at, format), isNew: true };
  } finally {
    common.close();
  }
}

/** The format of a side repository that is there; null when it is not, or not whole. */
function formatOf(side: string): ObjectFormat | null {
  const [config, index] = [join(side, 'config'), join(side, 'index')];
  if (!existsSync(config) || !existsSync(index)) return null;
  return /objectFormat = sha256/.test(readFileSync(config, 'utf8')) ? 'sha256' : 'sha1';
}
