import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeProgram } from '../../test/support/fakeProgram.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { identify } from '../processes/identity.ts';
import { projectRoot } from '../projectRoot.ts';
import { temporalTool } from './temporal.ts';
import { fallbackVersion, temporalVersion } from './temporalVersions.ts';
import { findTool, type Search, type Tool } from './tool.ts';

let directory: TemporaryDirectory;
let search: Search;
let told: string[];

beforeEach(async () => {
  directory = await temporaryDirectory();
  told = [];
  const at = (name: string) => join(directory.path, name);
  search = {
    machine: { path: [at('bin')], cache: at('cache'), environment: { PATH: '/usr/bin:/bin', LOG: at('log') }, isRoot: false },
    progress: (text) => told.push(text),
    signal: undefined,
  };
});

afterEach(() => directory.remove());

const fake = (path: string, script: string) => fakeProgram(join(directory.path, path), script);
const says = (cli: string, server: string) => `echo "temporal version ${cli} (Server ${server}, UI 2.50.1)"`;
const cached = (version: string) => join(directory.path, 'cache', `temporal-${version}`);

/** Without the download, which would go out of this machine. */
const offline: Tool = { ...temporalTool, sources: temporalTool.sources.filter(({ name }) => name !== "the SDK's download") };

/** A Go that builds a Temporal that says the version it was asked for, where it was asked to. */
const go = `
echo "$@" >> "$LOG"
echo "go: downloading go.temporal.io/server v1.31.2" >&2
echo "go.temporal.io/server/common" >&2
out="$GOBIN/temporal"
while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done
printf '#!/bin/sh\\necho "temporal version built (Server 1.31.2, UI 2.50.1)"\\n' > "$out"`;

test('one on the PATH comes before one in the cache', async () => {
  await fake('bin/temporal', says('1.5.0', '1.30.0'));
  await fake(`cache/temporal-${temporalVersion}`, says('1.8.2', '1.31.2'));
  expect(await findTool(temporalTool, search)).toMatchObject({ path: join(directory.path, 'bin/temporal'), source: 'the PATH' });
});

test('one on the PATH that is too old gives way to the cache', async () => {
  await fake('bin/temporal', says('1.1.0', '1.25.0'));
  await fake(`cache/temporal-${temporalVersion}`, says('1.8.2', '1.31.2'));
  expect(await findTool(temporalTool, search)).toMatchObject({ path: cached(temporalVersion), source: 'the cache' });
});

test('another program of that name is not taken', async () => {
  await fake('bin/temporal', 'echo "temporal, the calendar"');
  await expect(findTool(offline, search)).rejects.toThrow(/is not Temporal's command line, it says: temporal, the calendar/);
});

test('with Go it is built from our module into the cache, once, and found there by the next', async () => {
  await fake('bin/go', go);
  const [first, second] = await Promise.all([findTool(offline, search), findTool(offline, search)]);
  expect(first).toMatchObject({ path: cached(temporalVersion), source: 'built with Go' });
  expect(second.path).toBe(first.path);
  expect(await findTool(offline, search)).toMatchObject({ source: 'the cache' });
  const calls = readFileSync(join(directory.path, 'log'), 'utf8').trim().split('\n');
  expect(calls).toHaveLength(1);
  expect(calls[0]).toContain(`build -C ${join(projectRoot, 'tools', 'temporal')} -mod=readonly`);
  expect(told).toContainEqual(expect.stringMatching(/^building 1\.8\.2 with Go · 0 s · resolving modules$/));
  expect(told).toContainEqual(expect.stringMatching(/^waiting for process \d+, which gets it already$/));
  expect(readFileSync(`${cached(temporalVersion)}.log`, 'utf8')).toContain('go.temporal.io/server/common');
  expect(readdirSync(join(directory.path, 'cache')).sort()).toEqual([
    `temporal-${temporalVersion}`,
    `temporal-${temporalVersion}.log`,
  ]);
});

test('when our module can not be built, the older one is installed by its tag', async () => {
  await fake('bin/go', `case "$1" in build) echo "go: module lookup disabled" >&2; exit 1;; esac\n${go}`);
  const found = await findTool(offline, search);
  expect(found).toMatchObject({ path: cached(fallbackVersion), source: 'an older one built with Go' });
  expect(readFileSync(join(directory.path, 'log'), 'utf8')).toContain(`cmd/temporal@v${fallbackVersion}`);
});

test('a build that fails leaves nothing in the cache but its log, and gives the reason', async () => {
  await fake('bin/go', 'echo "go: downloading x" >&2; echo "go: errors parsing go.mod" >&2; exit 1');
  await expect(findTool(offline, search)).rejects.toThrow(
    /built with Go: go: errors parsing go\.mod \(log: .*temporal-1\.8\.2\.log\)/,
  );
  expect(readdirSync(join(directory.path, 'cache')).every((name) => name.endsWith('.log'))).toBe(true);
});

test('a build for which the disk is too small says so, and where else it can be', async () => {
  await fake('bin/go', 'echo "write /x: no space left on device" >&2; exit 1');
  await expect(findTool(offline, search)).rejects.toThrow(/The disk that holds .*cache is full\.\n.*XDG_CACHE_HOME=/);
});

test('a build is ended, with what it started, when the start is stopped', async () => {
  await fake('bin/go', 'sleep 300 & echo $! > "$LOG"; wait');
  const stopping = new AbortController();
  const finding = findTool(offline, { ...search, signal: stopping.signal });
  const log = join(directory.path, 'log');
  const sleeper = await waitFor('the build to run', () => existsSync(log) && Number(readFileSync(log, 'utf8')));
  stopping.abort();
  await expect(finding).rejects.toThrow(/abort/i);
  await waitFor('the compiler to end', () => identify(sleeper) === null);
});

test('where there is nothing at all, it says what to install', async () => {
  await expect(findTool(offline, search)).rejects.toThrow(
    /there is no Go[^]*https:\/\/go\.dev\/dl[^]*TEMPORAL_ADDRESS=host:port npm start/,
  );
});
