// What is built from what. Plain JavaScript, for `bin/baton.mjs` reads it before anything is built.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const rooms = [
  'domain',
  'config',
  'telemetry',
  'blobs',
  'journal',
  'workspace',
  'harnesses',
  'workflows',
  'server',
  'prisma/schema.prisma',
];

/** Every step reads these: the versions of all libraries, and how things are built. */
const common = ['package-lock.json', 'tsconfig.json', 'stack/build'];

/** In their order. `inputs` are files and directories, the first of them the entry; `output` is one file that the step makes. */
export const steps = [
  { name: 'prisma', inputs: ['prisma/schema.prisma', 'prisma.config.ts'], output: 'prisma/generated/client/client.ts' },
  { name: 'operations', inputs: ['web/codegen.ts', 'web/operations', 'schema.graphql'], output: 'web/generated/operations.ts' },
  { name: 'web', inputs: ['web/index.html', 'web', 'domain', 'schema.graphql'], output: 'dist/web/index.html' },
  { name: 'workflows', inputs: ['workflows/workflows.ts', 'workflows', 'domain'], output: 'dist/workflows.js' },
  { name: 'gateway', inputs: ['server/main.ts', ...rooms], output: 'dist/gateway.js' },
  { name: 'worker', inputs: ['workflows/main.ts', ...rooms], output: 'dist/worker.js' },
  { name: 'prepare', inputs: ['stack/prepare.ts', 'stack', ...rooms], output: 'dist/prepare.js' },
  { name: 'cli', inputs: ['cli/main.ts', 'cli', 'stack', ...rooms], output: 'dist/cli.js' },
];

const generated = /(^|\/)(generated|histories|node_modules)(\/|$)|\.test\.tsx?$|(^|\/)\./;

/** A digest of all that a step reads. */
export function fingerprint(root, step) {
  const hash = createHash('sha256').update(process.version);
  for (const file of new Set([...step.inputs, ...common].flatMap((input) => filesOf(root, input)))) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Where a step notes the digest that it was made from. */
export function stampFile(root, step) {
  return join(root, 'dist', '.stamps', step.name);
}

/** Whether a step's output is there and was made from what its inputs are now. */
export function isFresh(root, step) {
  if (!existsSync(join(root, step.output)) || !existsSync(stampFile(root, step))) return false;
  return readFileSync(stampFile(root, step), 'utf8') === fingerprint(root, step);
}

function filesOf(root, path) {
  if (!existsSync(join(root, path))) return [];
  let entries;
  try {
    entries = readdirSync(join(root, path), { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
  return entries
    .map((entry) => ({ entry, child: `${path}/${entry.name}` }))
    .filter(({ child }) => !generated.test(child))
    .sort((a, b) => (a.child < b.child ? -1 : 1))
    .flatMap(({ entry, child }) => (entry.isDirectory() ? filesOf(root, child) : [child]));
}
