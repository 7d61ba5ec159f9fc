import { refuseDeclared } from '../../../domain/declaration.ts';
import type { RepositorySnapshot } from '../../../journal/readSession.ts';
import { builder } from '../builder.ts';
import { InvalidInputError } from '../errors.ts';

export const RepositorySnapshotInput = builder.inputType('RepositorySnapshotInput', {
  description: 'What snapshots take of a repository beyond git.',
  fields: (t) => ({
    ignored: t.stringList({
      description:
        'Patterns, as in a gitignore file, of what is captured although the repository’s rules ignore it, such as `.env.local` or `build/**`. Default: none.',
    }),
  }),
});

/** What a repository's snapshots take beyond git, checked. Throws InvalidInputError. */
export function repositorySnapshotOf(
  given: typeof RepositorySnapshotInput.$inferInput | null | undefined,
): { readonly snapshot: RepositorySnapshot } | Record<never, never> {
  const ignored = given?.ignored ?? [];
  const refused = refuseDeclared(ignored);
  if (refused) throw new InvalidInputError('repositories', `Patterns of ignored files: ${refused}`);
  return ignored.length > 0 ? { snapshot: { ignored } } : {};
}
