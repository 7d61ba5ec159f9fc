#!/usr/bin/env node
// Builds what is stale and runs the command line. Plain JavaScript for old versions of Node, so that they are told.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'dist', 'cli.js');

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** The range of `engines` in package.json. */
function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 15) || major >= 24;
  if (!isSupported)
    fail(`Baton runs on Node 20.19, 22.15, 24 or newer; this is ${process.version}. See https://nodejs.org/download`);
}

/** Where there are no sources, as in an image, there is nothing to build. */
async function buildIfStale() {
  if (!existsSync(join(root, 'stack', 'build.ts'))) return;
  const { steps, isFresh } = await import('../stack/build/steps.mjs');
  if (steps.every((step) => isFresh(root, step))) return;
  if (!existsSync(join(root, 'node_modules', 'tsx'))) fail(`The libraries are not installed. Run npm ci in ${root} first.`);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', join('stack', 'build.ts')], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

refuseOldNode();
await buildIfStale();
const { main } = await import(pathToFileURL(program).href);
await main(process.argv);
