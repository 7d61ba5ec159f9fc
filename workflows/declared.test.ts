import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRepository } from '../test/support/repository.ts';
import { ended, startTestSystem, type TestSystem } from '../test/support/system.ts';

let system: TestSystem;
let repository: string;

beforeAll(async () => {
  system = await startTestSystem();
  repository = createRepository(path.join(system.settings.directory, 'declared'), { '.gitignore': '.env*\nbuild/\n' });
  await system.startWorker();
});
afterAll(() => system.stop());

const fields = `failure { code message } sessions { outcome restoreReport { exact entries { subject path status reason detail } }
  snapshot { entries changedFiles changes { path } warningCount warnings { path reason detail } gapCount gaps { path status reason detail } } }`;
const untilEnded = (runId: string, sessions: number) =>
  system.runUntil(runId, fields, (run) => ended(run) && run.sessions.length === sessions, 60_000);
const followUp = (runId: string, text: string) => system.mutate('sendFollowUp', { clientKey: `f-${runId}-${text}`, runId, text });

/** Runs one script after another, each in a session of its own; gives the run as it is then. */
async function sessions(environmentId: string, first: string, ...others: readonly string[]) {
  const runId = await system.createRun(environmentId, first);
  let run = await untilEnded(runId, 1);
  for (const [n, script] of others.entries()) {
    await followUp(runId, script);
    run = await untilEnded(runId, n + 2);
  }
  return run;
}

describe('what an environment wants captured beyond git', { timeout: 120_000 }, () => {
  test('are ignored files by their patterns, which the next session has', async () => {
    const environmentId = await system.createEnvironment({
      repositories: [{ url: repository, snapshot: { ignored: ['.env.local', 'build/**'] } }],
    });
    const run = await sessions(
      environmentId,
      'echo PORT=1 > .env.local; echo left > .env.other; mkdir -p build/deep; echo o > build/deep/x.o',
      'set -e; test "$(cat .env.local)" = PORT=1; test -f build/deep/x.o; test ! -e .env.other; test -z "$(git status --porcelain)"',
    );
    expect(run).toMatchObject({ state: 'SUCCEEDED', sessions: [{ snapshot: { changedFiles: 0, gapCount: 0 } }, {}] });
    expect(run.sessions[1].restoreReport.exact).toBe(true);
  });

  test('are files of the agent’s home, by path and by a script that prints paths', async () => {
    const environmentId = await system.createEnvironment({
      repositories: [{ url: repository }],
      outside: ['~/.config/tool', '/etc/passwd'],
      outsideScript: 'cd; find "$PWD" -name "*.note" -print0; echo words >&2',
    });
    const run = await sessions(
      environmentId,
      'mkdir -p ~/.config/tool ~/deep; echo a > ~/.config/tool/a; echo b > ~/deep/b.note; echo c > ~/deep/c',
      'set -e; test "$(cat ~/.config/tool/a)" = a; test "$(cat ~/deep/b.note)" = b; test ! -e ~/deep/c',
    );
    expect(run).toMatchObject({ state: 'SUCCEEDED' });
    expect(run.sessions[0].snapshot).toMatchObject({
      changes: [{ path: '~/.config/tool/a' }, { path: '~/deep/b.note' }],
      gaps: [{ path: '/etc/passwd', status: 'SKIPPED', reason: 'OUT_OF_REACH' }],
    });
  });

  test('is told as far as the script went, and the script fails no snapshot', async () => {
    const environmentId = await system.createEnvironment({
      repositories: [{ url: repository }],
      outsideScript: 'printf "%s\\n" ~/a; exit 3',
    });
    const run = await sessions(environmentId, 'echo a > ~/a');
    const gap = { path: 'outsideScript', status: 'FAILED', reason: 'OUTSIDE_SCRIPT' };
    expect(run).toMatchObject({ state: 'SUCCEEDED', sessions: [{ snapshot: { changes: [{ path: '~/a' }], gaps: [gap] } }] });
    expect(run.sessions[0].snapshot.gaps[0].detail).toMatch(/exited with 3$/);
  });

  test('are files that look like secrets, or not, by its policy; each is named', async () => {
    const script =
      'printf -- "-----BEGIN %s KEY-----\\n%s\\n-----END %s KEY-----\\n" "RSA PRIVATE" $(printf "MIIEowIBAAKCAQEA%.0s" $(seq 40)) "RSA PRIVATE" > id';
    const [warned, excluded] = await Promise.all(
      [{}, { secretFiles: 'EXCLUDE' }].map(async (more) =>
        sessions(await system.createEnvironment({ repositories: [{ url: repository }], ...more }), script),
      ),
    );
    expect(warned?.sessions[0].snapshot).toMatchObject({
      gapCount: 0,
      warningCount: 1,
      warnings: [{ path: 'id', reason: 'SECRET_LIKE' }],
    });
    expect(excluded?.sessions[0].snapshot).toMatchObject({
      changes: [],
      warningCount: 0,
      gaps: [{ path: 'id', status: 'SKIPPED', reason: 'SECRET_LIKE' }],
    });
  });
});
