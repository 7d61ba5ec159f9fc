import { readFileSync } from 'node:fs';

/** What of the system decides whether bubblewrap can work. */
export interface HostFacts {
  readonly platform: string;
  /** A kernel setting by its path under /proc/sys; null where the kernel has none of that name. */
  readonly sysctl: (path: string) => string | null;
}

const hostFacts: HostFacts = {
  platform: process.platform,
  sysctl(path) {
    try {
      return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
    } catch {
      return null;
    }
  },
};

export interface Trouble {
  /** Why bubblewrap does not work, in a sentence. */
  readonly why: string;
  /** What to do about it, in a sentence that names the command to type. */
  readonly remedy: string;
}

/**
 * Puts the failed start of bubblewrap in words. `missing` says that the program is not there, `said` is what it
 * printed. Only the first line of that goes into the words.
 */
export function explainTrouble({ missing, said }: { missing: boolean; said: string }, host: HostFacts = hostFacts): Trouble {
  if (host.platform !== 'linux') {
    return {
      why: `bubblewrap works on Linux only, and this is ${host.platform}.`,
      remedy: 'Run the worker on Linux or in a container.',
    };
  }
  if (missing) {
    return {
      why: 'bubblewrap is not installed.',
      remedy: 'Install it: apt install bubblewrap (or dnf install bubblewrap, apk add bubblewrap), then restart the worker.',
    };
  }
  return (
    namespaceTrouble(said, host) ??
    procTrouble(said) ?? { why: `bubblewrap fails: ${said}`, remedy: 'Run bwrap by hand to look into it.' }
  );
}

/** https://github.com/containers/bubblewrap/issues/632 has the last case. */
function namespaceTrouble(said: string, { sysctl }: HostFacts): Trouble | null {
  if (!/namespace|uid map|gid map|loopback|RTM_NEWADDR|clone/i.test(said)) return null;
  if (sysctl('user/max_user_namespaces') === '0') {
    return { why: 'this system allows no user namespaces.', remedy: setting('user.max_user_namespaces=15000') };
  }
  if (sysctl('kernel/unprivileged_userns_clone') === '0') {
    return {
      why: 'this system allows user namespaces to root only.',
      remedy: setting('kernel.unprivileged_userns_clone=1'),
    };
  }
  if (sysctl('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return {
      why: 'AppArmor keeps programs without a profile from user namespaces.',
      remedy: `${setting('kernel.apparmor_restrict_unprivileged_userns=0')} Or give bwrap an AppArmor profile with “userns,”.`,
    };
  }
  return {
    why: `bubblewrap may not make the namespaces it needs (${said}).`,
    remedy: `In a container: ${containerRemedy}`,
  };
}

/** https://github.com/containers/bubblewrap/issues/505 */
function procTrouble(said: string): Trouble | null {
  if (!/mount proc|pivot_root|make \/ slave|mount tmpfs/i.test(said)) return null;
  return { why: `this container does not let bubblewrap mount (${said}).`, remedy: `Start the container so: ${containerRemedy}` };
}

const containerRemedy =
  'docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined …';

const setting = (assignment: string): string =>
  `Type sudo sysctl -w ${assignment} (and put it into /etc/sysctl.d to keep it), then restart the worker.`;
