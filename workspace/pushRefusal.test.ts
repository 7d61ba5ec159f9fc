import { describe, expect, test } from 'vitest';
import { GitError } from './git.ts';
import { PushRefused, refusalIn, refusalOf } from './pushRefusal.ts';
import { parseRepositoryUrl } from './repositoryUrl.ts';

const url = parseRepositoryUrl('https://a-token@git.example/team/ledger.git', { allowLocal: false });
const tried = { url, branch: 'baton/x', late: null, deadlineMs: 300_000 };
const failed = (stderr: string) => new GitError('push', { exitCode: 128, stderr, timedOut: false });

describe('a push that failed', () => {
  test.each([
    [
      "remote: Permission to team/ledger.git denied to me.\nfatal: unable to access '…': The requested URL returned error: 403",
      'FORBIDDEN',
    ],
    [
      'ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.',
      'FORBIDDEN',
    ],
    ["fatal: could not read Username for 'https://git.example': terminal prompts disabled", 'FORBIDDEN'],
    ['fatal: unable to access …: Could not resolve host: git.example', 'UNREACHABLE'],
    ['fatal: the remote end hung up unexpectedly', 'UNREACHABLE'],
    ['fatal: write error: No space left on device', 'FAILED'],
  ])('is told by its reason: %s', (stderr, reason) => {
    expect(refusalOf(failed(stderr), tried).reason).toBe(reason);
  });

  test('is told without the credentials of its address, wherever the remote repeats them', () => {
    const { detail } = refusalOf(
      failed(
        "remote: a-token has no right to write\nfatal: unable to access 'https://a-token@git.example/team/ledger.git/': 403 denied",
      ),
      tried,
    );
    expect(detail).toContain('does not let this worker write');
    expect(detail).toContain('has no right to write');
    expect(detail).not.toContain('a-token');
  });

  test('is told with what a server says to one ref, and no more than a reader wants', () => {
    const told = refusalIn(
      '!\tabc:refs/heads/baton/x\t[remote rejected] (protected branch hook declined)',
      `remote: ${'word '.repeat(1_000)}\nTo https://git.example/team/ledger.git\n`,
    );
    const { reason, detail } = refusalOf(told, tried);
    expect(reason).toBe('REJECTED');
    expect(detail).toMatch(
      /^https:\/\/git\.example\/team\/ledger\.git refused the push: \[remote rejected\] \(protected branch hook declined\)/,
    );
    expect(detail.length).toBeLessThan(1_500);
  });

  test('for a defect is none of these', () => {
    expect(() => refusalOf(new TypeError('x'), tried)).toThrow(TypeError);
    expect(refusalOf(new PushRefused('NOT_FAST_FORWARD', '[rejected] (fetch first)'), tried).detail).toContain(
      'Nothing was overwritten',
    );
  });
});
