import type { SecretFiles } from '../../domain/declaration.ts';

/** What becomes of files that look like secrets when a snapshot is taken. */
export const secretWords: Readonly<Record<SecretFiles, string>> = {
  WARN: 'taken and named',
  EXCLUDE: 'left out and named',
  INCLUDE: 'taken like any other',
};
