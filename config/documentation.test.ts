import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../stack/projectRoot.ts';

const documentation = readFileSync(join(projectRoot, 'docs/configuration.md'), 'utf8');
const sources = readdirSync(join(projectRoot, 'config'))
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(projectRoot, 'config', name), 'utf8'))
  .join('\n');

const read = new Set(
  sources.match(/\b[A-Z]+(?:_[A-Z]+)*(?=: (?:z|port|flag|list|shared|count)\b)|(?<=environment\[')[A-Z_]+(?='\])/g),
);
// In the first column of a table: the others tell of refusals too.
const described = new Set(
  [...documentation.matchAll(/^\|([^|\n]*)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, name]) => name),
  ),
);

test('every setting that is read is described', () => {
  expect([...read].filter((name) => name !== 'PATH' && !described.has(name))).toEqual([]);
  expect(read.size).toBeGreaterThan(20);
});

test('every setting that is described is read', () => {
  expect([...described].filter((name) => name !== undefined && !read.has(name))).toEqual([]);
});
