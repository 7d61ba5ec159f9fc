import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { machine } from '../../config/machine.ts';
import { claudeCodeSettings, findClaudeCode } from '../../test/support/claudeCode.ts';
import { fakeProgram } from '../../test/support/fakeProgram.ts';
import { makePlace } from '../sandboxTrial.ts';
import { findProgram } from './findProgram.ts';
import { isKnownVersion, versionIn } from './version.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 900_000 });

let program: string;
beforeAll(async () => {
  program = await findClaudeCode();
});

const nothing = { path: [], installDirectory: '/nonexistent', install: false };
const find = (more: object) => findProgram(claudeCodeSettings(null, { ...nothing, ...more }));
const failure = async (more: object) => {
  const error = await find(more).catch((thrown: unknown) => thrown);
  return (error as { failure?: { code: string; message: string } }).failure;
};

test('the program that the settings name is taken, also where npm’s command is named', async () => {
  expect(await find({ program })).toBe(program);
  const command = join(dirname(dirname(program)), 'claude-code/bin/claude.exe');
  expect(await find({ program: command })).toBe(program);
});

test('it is found on the PATH, through links', async () => {
  await using place = await makePlace();
  await symlink(program, join(place.home, 'claude'));
  expect(await find({ path: [place.workspace, place.home] })).toBe(program);
});

test('what is named and does not do is refused, with what to type', async () => {
  await using place = await makePlace();
  const script = await fakeProgram(join(place.home, 'claude'), 'echo "2.1.330 (Claude Code)"');
  expect(await failure({ program: '/nonexistent/claude' })).toMatchObject({
    code: 'HARNESS_UNAVAILABLE',
    message: expect.stringMatching(/no program there.*npm install .*@anthropic-ai\/claude-code@\d.*BATON_CLAUDE_CODE/),
  });
  expect((await failure({ program: script }))?.message).toContain('a script that starts it');
  expect((await failure({ program: '/bin/echo' }))?.message).toContain('does not say that it is Claude Code');
});

test('versions are taken that are known to speak as the driver does', () => {
  expect(versionIn('2.1.330 (Claude Code)\n')).toBe('2.1.330');
  expect(versionIn('echo (GNU coreutils) 9.1')).toBeNull();
  const versions = ['2.1.330', '2.1.412', '2.1.329', '2.2.0', '3.0.0', '1.0.128'];
  expect(versions.filter(isKnownVersion)).toEqual(['2.1.330', '2.1.412']);
});

test('it is not installed where the settings forbid it, and why it could not be is said', async () => {
  await using place = await makePlace();
  expect((await failure({}))?.message).toContain('BATON_INSTALL_AGENTS is no');
  const environment = {
    PATH: machine().environment['PATH'],
    HOME: place.home,
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_fetch_retries: '0',
    npm_config_cache: join(place.directory, 'npm'),
  };
  const installDirectory = join(place.directory, 'agents');
  await mkdir(installDirectory);
  const told: string[] = [];
  const settings = claudeCodeSettings(null, { path: [], installDirectory, environment });
  const error = await findProgram(settings, { progress: (text) => told.push(text) }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ failure: { code: 'HARNESS_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') } });
  expect(told[0]).toMatch(/^installing Claude Code \d.* with npm · 0 s$/);
});
