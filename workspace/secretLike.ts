import type { CaptureWarning } from '../domain/snapshot.ts';
import { displayPath, homePath, type BytePath } from './bytePath.ts';
import { allRepositories, type Manifest, type ManifestEntry } from './manifest.ts';

/** Files of a snapshot that look like secrets, each with the rule that says so; never what it found. */
export function secretLike(manifest: Manifest): CaptureWarning[] {
  return [
    ...allRepositories(manifest).flatMap(({ repository, entries }) => named(repository, entries, (path) => path)),
    ...named('.', manifest.outside.entries, (path) => path),
    ...named('.', manifest.home?.entries ?? [], homePath),
  ];
}

const named = (repository: string, entries: readonly ManifestEntry[], shown: (path: BytePath) => BytePath): CaptureWarning[] =>
  entries.flatMap((entry) => {
    if (entry.kind !== 'FILE' || entry.secret === undefined) return [];
    const where = entry.parts === null ? 'it is in a commit, which travels as it is' : 'the snapshot has it';
    const detail = `it looks like a secret, by the rule ${entry.secret}, and ${where}`;
    return [{ repository, path: displayPath(shown(entry.path)), reason: 'SECRET_LIKE', detail }];
  });
