import { refuseDeclared, type SecretFiles } from '../../../domain/declaration.ts';
import type { DeclaredBeyondGit } from '../../../journal/environments.ts';
import type { RepositorySnapshot } from '../../../journal/readSession.ts';
import { builder } from '../builder.ts';
import { InvalidInputError } from '../errors.ts';

const mostScript = 32_768;

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

/** What is given of an environment's snapshots. */
interface GivenDeclaration {
  readonly outside?: readonly string[] | null | undefined;
  readonly outsideScript?: string | null | undefined;
  readonly secretFiles?: SecretFiles | null | undefined;
}

/** What an environment's snapshots take beyond git, checked. Throws InvalidInputError. */
export function declaredOf(given: GivenDeclaration): DeclaredBeyondGit {
  const outside = given.outside ?? [];
  const refused = refuseDeclared(outside);
  if (refused) throw new InvalidInputError('outside', `Paths outside repositories: ${refused}`);
  const outsideScript = given.outsideScript?.trim() ? given.outsideScript : null;
  if (outsideScript !== null && (outsideScript.length > mostScript || outsideScript.includes('\0')))
    throw new InvalidInputError('outsideScript', `The script has at most ${mostScript} characters and no NUL.`);
  return { outside: [...outside], outsideScript, secretFiles: given.secretFiles ?? 'WARN' };
}
