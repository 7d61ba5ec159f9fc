import type { CommandItem } from './commandItem.ts';
import type { SandboxSetting } from './sandbox.ts';
import { scriptTitle, shell } from './shell.ts';

/**
 * A setup command of an environment, as it is run in the workspace before the agent starts: one line of shell, or
 * several. `setting` is the session's (`agentSandboxSetting`).
 */
export function setupItem(text: string, setting: SandboxSetting, timeoutMs: number): CommandItem {
  return { kind: 'SETUP', title: scriptTitle(text), command: [shell, '-c', text], setting, timeoutMs };
}
