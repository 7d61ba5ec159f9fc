import { sep } from 'node:path';
import { agentUser, type MadeFile } from './bubblewrapFiles.ts';
import type { SandboxMount, SandboxSetting } from './sandbox.ts';

export const workspaceInside = '/workspace';
export const homeInside = '/home/agent';

export interface BubblewrapLayout {
  /** Whether the agent is a user of its own in a user namespace; otherwise it is the worker's user, without capabilities. */
  readonly userNamespace: boolean;
  /** The read-only system, as arguments. */
  readonly system: readonly string[];
  /** Host directories that every sandbox sees read-only in the same place. */
  readonly readOnly: readonly string[];
  /** What lies over `/proc`, as arguments. */
  readonly proc: readonly string[];
  readonly info: number;
  /** Files made for the sandbox, and the descriptors that their texts come from. */
  readonly files: readonly { readonly file: MadeFile; readonly descriptor: number }[];
}

/** What of the host is seen where, in this setting. Later ones lie over earlier ones. */
function mountsOf({ workspace, home, temp, mounts = [] }: SandboxSetting): SandboxMount[] {
  return [
    ...(temp === undefined ? [] : [{ host: temp, inside: '/tmp', writable: true }]),
    { host: workspace, inside: workspaceInside, writable: true },
    { host: home, inside: homeInside, writable: true },
    ...mounts,
  ];
}

/** Where a host path is seen inside; throws for one that is not. */
export function pathInBubblewrap(setting: SandboxSetting, hostPath: string): string {
  const within = mountsOf(setting).filter(({ host }) => hostPath === host || hostPath.startsWith(host + sep));
  const mount = within.sort((a, b) => b.host.length - a.host.length)[0];
  if (!mount) throw new Error(`${hostPath} is not seen inside the sandbox; it needs a mount`);
  return mount.inside + hostPath.slice(mount.host.length);
}

/** The options of one sandbox. They travel over a descriptor, so that nobody reads the variables in the process list. */
export function bubblewrapArguments(setting: SandboxSetting, layout: BubblewrapLayout): string[] {
  const args = [
    ...namespaces(setting, layout),
    ...words(`--die-with-parent --new-session --as-pid-1 --info-fd ${layout.info}`),
    ...layout.system,
    ...layout.files.flatMap(({ file, descriptor }) => ['--file', String(descriptor), file.path]),
    ...words('--dev /dev --proc /proc'),
    ...layout.proc,
    ...words('--dir /run --dir /var --symlink ../tmp /var/tmp'),
    ...(setting.temp === undefined ? words('--tmpfs /tmp') : []),
    ...mountsOf(setting).flatMap(({ host, inside, writable }) => [writable ? '--bind' : '--ro-bind', host, inside]),
    ...layout.readOnly.flatMap((path) => ['--ro-bind', path, path]),
    // What is written elsewhere would be lost in silence; so it is refused.
    ...words('--remount-ro /'),
    '--chdir',
    pathInBubblewrap(setting, setting.directory ?? setting.workspace),
    ...Object.entries(setting.variables).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
  // The arguments are separated by NUL, so one that holds a NUL could smuggle in others.
  const bad = args.find((arg) => arg.includes('\0'));
  if (bad !== undefined) throw new Error(`an argument of the sandbox has a NUL character: ${JSON.stringify(bad)}`);
  return args;
}

function namespaces({ network }: SandboxSetting, { userNamespace }: BubblewrapLayout): string[] {
  return [
    ...words(userNamespace ? `--unshare-user --uid ${agentUser.uid} --gid ${agentUser.gid}` : '--cap-drop ALL'),
    ...words('--unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --hostname baton'),
    ...(network ? [] : ['--unshare-net']),
  ];
}

const words = (options: string): string[] => options.split(' ');
