import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The directory of the checkout. It is looked for from this file upwards, for the code runs both from its sources and
 * from a bundle in `dist/`.
 */
export const projectRoot: string = find(dirname(fileURLToPath(import.meta.url)));

function find(directory: string): string {
  if (existsSync(join(directory, 'prisma', 'schema.prisma')) && existsSync(join(directory, 'package.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('The directory of the checkout was not found.');
  return find(parent);
}
