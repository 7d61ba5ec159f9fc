import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { postgresBinaries, restoreLibraryLinks } from './binaries.ts';

test('the programs run', () => {
  for (const program of Object.values(postgresBinaries())) {
    expect(execFileSync(program, ['--version'], { encoding: 'utf8' })).toMatch(/\(PostgreSQL\) 18\./);
  }
});

test('library links that an install without scripts did not make are made, once', async () => {
  await using directory = await temporaryDirectory();
  const lib = join(directory.path, 'native/lib');
  mkdirSync(lib, { recursive: true });
  writeFileSync(join(lib, 'libicu.so.60.2'), 'library');
  const links = [{ source: 'native/lib/libicu.so.60.2', target: 'native/lib/libicu.so.60' }];
  writeFileSync(join(directory.path, 'native/pg-symlinks.json'), JSON.stringify(links));
  restoreLibraryLinks(directory.path);
  restoreLibraryLinks(directory.path);
  expect(readlinkSync(join(lib, 'libicu.so.60'))).toBe('libicu.so.60.2');
  expect(readFileSync(join(lib, 'libicu.so.60'), 'utf8')).toBe('library');
});
