import { describe, expect, it } from 'vitest';
import { explainTrouble } from './bubblewrapTrouble.ts';

const linux = (sysctls: Record<string, string> = {}) => ({
  platform: 'linux',
  sysctl: (path: string) => sysctls[path] ?? null,
});

describe('why bubblewrap does not work', () => {
  it('is that it is missing', () => {
    const trouble = explainTrouble({ missing: true, said: '' }, linux());
    expect(trouble).toEqual({ why: 'bubblewrap is not installed.', remedy: expect.stringContaining('apt install bubblewrap') });
  });

  it('is that this is not Linux', () => {
    const trouble = explainTrouble({ missing: true, said: '' }, { platform: 'darwin', sysctl: () => null });
    expect(trouble.why).toContain('this is darwin');
  });

  it.each([
    [
      'bwrap: No permissions to create a new namespace, likely because …',
      { 'user/max_user_namespaces': '0' },
      'user.max_user_namespaces=15000',
    ],
    [
      'bwrap: Creating new namespace failed: Operation not permitted',
      { 'kernel/unprivileged_userns_clone': '0' },
      'kernel.unprivileged_userns_clone=1',
    ],
    [
      'bwrap: setting up uid map: Permission denied',
      { 'kernel/apparmor_restrict_unprivileged_userns': '1' },
      'kernel.apparmor_restrict_unprivileged_userns=0',
    ],
    [
      'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted',
      { 'kernel/apparmor_restrict_unprivileged_userns': '1' },
      'kernel.apparmor_restrict_unprivileged_userns=0',
    ],
    ['bwrap: Creating new namespace failed: Operation not permitted', {}, 'docker run --security-opt seccomp=unconfined'],
    ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted", {}, 'systempaths=unconfined'],
  ])('%s, and what to type', (said, sysctls, typed) => {
    expect(explainTrouble({ missing: false, said }, linux(sysctls)).remedy).toContain(typed);
  });

  it('is what it said, when nobody knows better', () => {
    const trouble = explainTrouble({ missing: false, said: 'bwrap: Unknown option --flux' }, linux());
    expect(trouble.why).toBe('bubblewrap fails: bwrap: Unknown option --flux');
  });
});
