import { posix } from 'node:path';
import { isWithin, type BytePath } from './bytePath.ts';
import type { Gap } from './manifest.ts';

/** Where the agent's processes see their workspace and their home: absolute paths, each by every name it has. */
export interface SeenAs {
  readonly workspace: readonly BytePath[];
  readonly home: readonly BytePath[];
}

export interface DeclaredPlaces {
  /** Paths in the home. */
  readonly home: readonly BytePath[];
  /** Paths in the workspace, by their names in it. */
  readonly workspace: readonly BytePath[];
  /** By repository's folder: paths in it. */
  readonly repositories: ReadonlyMap<BytePath, readonly BytePath[]>;
  /** Paths that are in neither. */
  readonly gaps: readonly Gap[];
}

/**
 * Finds out where declared paths lie: `~/…` and absolute ones in the home or the workspace, others are the workspace's.
 * What lies in the workspace beside its repositories is captured in any case.
 */
export function placeDeclared(paths: readonly BytePath[], seenAs: SeenAs, repositories: readonly BytePath[]): DeclaredPlaces {
  const home: BytePath[] = [];
  const workspace: BytePath[] = [];
  const inRepositories = new Map<BytePath, BytePath[]>();
  const gaps: Gap[] = [];
  for (const path of new Set(paths)) {
    const place = placeOf(path, seenAs);
    if (place === null)
      gaps.push({
        path,
        status: 'SKIPPED',
        reason: 'OUT_OF_REACH',
        detail: 'it is neither in the workspace nor in the agent’s home, and nothing else is taken',
      });
    else if (place.of === 'home') home.push(place.path);
    else {
      workspace.push(place.path);
      // The innermost repository has it.
      const folder = repositories.filter((one) => isWithin(one, place.path)).sort((a, b) => b.length - a.length)[0];
      if (folder === undefined) continue;
      const below = folder === '' ? place.path : place.path.slice(folder.length + 1);
      // A whole repository is captured as git has it.
      if (below !== '') inRepositories.set(folder, [...(inRepositories.get(folder) ?? []), below]);
    }
  }
  return { home, workspace, repositories: inRepositories, gaps };
}

function placeOf(path: BytePath, { workspace, home }: SeenAs): { readonly of: keyof SeenAs; readonly path: BytePath } | null {
  if (path === '~' || path.startsWith('~/')) return inside('home', path.slice(2));
  if (!path.startsWith('/')) return inside('workspace', path);
  const plain = trimmed(posix.normalize(path));
  for (const of of ['workspace', 'home'] as const)
    for (const root of of === 'home' ? home : workspace)
      if (isWithin(root, plain)) return inside(of, plain.slice(root.length + 1));
  return null;
}

function inside(of: keyof SeenAs, path: BytePath) {
  const plain = trimmed(posix.normalize(path));
  if (plain === '..' || plain.startsWith('../') || plain.startsWith('/')) return null;
  return { of, path: plain === '.' ? '' : plain };
}

const trimmed = (path: BytePath): BytePath => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
