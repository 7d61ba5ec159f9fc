import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentSetting } from './harness.ts';
import type { Sandbox, SandboxMount, SandboxSetting } from './sandbox.ts';
import { shell } from './shell.ts';

export type SessionSetting = Omit<AgentSetting, 'turnTimeoutMs' | 'scratch'> & { readonly scratch: string };

/** Where a session's temporary files lie on the host, which its processes see as `/tmp` where the sandbox can do that. */
export function tempOf(scratch: string): string {
  return join(scratch, 'tmp');
}

/**
 * What the processes of a session run with, setup commands and agents alike: the environment has what programs expect
 * of any system, over it the environment's own variables. Makes the directory for temporary files.
 */
export async function agentSandboxSetting(
  session: SessionSetting,
  mounts: readonly SandboxMount[] = [],
): Promise<SandboxSetting> {
  const { sandbox, workspace, home, variables, network } = session;
  const temp = tempOf(session.scratch);
  await mkdir(temp, { recursive: true, mode: 0o700 });
  const setting = { workspace, home, variables, network, temp, mounts };
  return { ...setting, variables: agentVariables(sandbox, setting) };
}

function agentVariables(sandbox: Sandbox, setting: SandboxSetting & { readonly temp: string }): Record<string, string> {
  const home = sandbox.homePath(setting);
  return {
    PATH: `${home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    // What a command prints is read as text, so it should not paint.
    TERM: 'dumb',
    USER: 'agent',
    LOGNAME: 'agent',
    SHELL: shell,
    TMPDIR: sandbox.pathInside(setting, setting.temp),
    // Nobody is there to type a password: git says so instead of looking for a terminal.
    GIT_TERMINAL_PROMPT: '0',
    ...setting.variables,
    // Where the agent's state is looked for, whatever the environment says.
    HOME: home,
  };
}
