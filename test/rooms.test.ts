import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each room may import, besides itself and libraries. docs/architecture.md says the same in words. */
const rooms: Record<string, readonly string[]> = {
  domain: [],
  config: ['domain'],
  telemetry: ['domain'],
  blobs: ['domain'],
  journal: ['domain', 'telemetry', 'blobs'],
  workspace: ['domain', 'blobs'],
  harnesses: ['domain', 'blobs'],
  workflows: ['domain', 'config', 'telemetry', 'blobs', 'journal', 'workspace', 'harnesses'],
  server: ['domain', 'config', 'telemetry', 'blobs', 'journal', 'workspace', 'workflows', 'prisma'],
  stack: ['domain', 'config', 'telemetry', 'blobs', 'journal', 'workspace', 'harnesses', 'workflows', 'server', 'prisma'],
  web: ['domain'],
  cli: ['domain', 'config', 'workspace', 'harnesses', 'stack'],
  prisma: [],
  bench: ['domain', 'config', 'blobs', 'journal', 'workspace', 'harnesses', 'workflows', 'server', 'stack', 'cli'],
};

/** Workflow code runs in Temporal's sandbox: of our own code it may have the domain only. */
const workflowCode = [
  'contract.ts',
  'proxies.ts',
  'runWorkflow.ts',
  'sessionWorkflow.ts',
  'searchAttributes.ts',
  'tracedWorkflows.ts',
  'workflows.ts',
];

function filesOf(directory: string): string[] {
  return readdirSync(path.join(root, directory), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/generated|\.test\.tsx?$|(^|\/)(test|testParts)\//.test(file));
}

/** What a file imports of ours, as paths from the root; types count like code. */
function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) => match[1] ?? '');
  return specifiers.map((specifier) => path.relative(root, path.resolve(root, path.dirname(file), specifier)));
}

const roomOf = (file: string): string => file.split(path.sep)[0] ?? '';

test.each(Object.entries(rooms))('%s imports only what its line in the list allows', (room, allowed) => {
  const wrong = filesOf(room).flatMap((file) =>
    importsOf(file)
      .filter((imported) => {
        const target = roomOf(imported);
        return Object.hasOwn(rooms, target) && target !== room && !allowed.includes(target);
      })
      .map((imported) => `${file} → ${imported}`),
  );
  expect(wrong).toEqual([]);
});

test('the gateway knows of the workflows only their contract', () => {
  const known = filesOf('server').flatMap((file) => importsOf(file).filter((imported) => roomOf(imported) === 'workflows'));
  expect([...new Set(known)]).toEqual(['workflows/contract.ts']);
});

test('the gateway knows of the workspaces only how snapshots are read: as a file, and against each other', () => {
  const known = filesOf('server').flatMap((file) => importsOf(file).filter((imported) => roomOf(imported) === 'workspace'));
  expect([...new Set(known)].sort()).toEqual(
    ['bundle', 'bytePath', 'difference', 'differencePatches', 'filePatch', 'manifest'].map((name) => `workspace/${name}.ts`),
  );
});

test('workflow code imports nothing that does I/O', () => {
  const wrong = workflowCode.flatMap((name) => {
    const file = path.join('workflows', name);
    const text = readFileSync(path.join(root, file), 'utf8');
    const values = [...text.matchAll(/^import (?!type)[^;]*?from '([^']+)'/gms)].map((match) => match[1] ?? '');
    return values
      .filter(
        (value) => !/^(@temporalio\/(workflow|common|interceptors-opentelemetry\/lib\/workflow)|\.\/|\.\.\/domain\/)/.test(value),
      )
      .map((value) => `${file} → ${value}`);
  });
  expect(wrong).toEqual([]);
});

test('only config reads the environment', () => {
  const readers = Object.keys(rooms)
    .filter((room) => room !== 'config')
    .flatMap(filesOf)
    .filter((file) => /process\.env\b/.test(readFileSync(path.join(root, file), 'utf8')));
  expect(readers.filter((file) => !/\.config\.ts$|^prisma\//.test(file))).toEqual([]);
});

test('only the journal appends to the log', () => {
  const writers = Object.keys(rooms)
    .flatMap(filesOf)
    .filter((file) => /INSERT INTO "Event"|event\.create/.test(readFileSync(path.join(root, file), 'utf8')));
  expect([...new Set(writers.map(roomOf))]).toEqual(['journal']);
});
