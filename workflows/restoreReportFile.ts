import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestoreReport } from '../domain/snapshot.ts';
import { agentSandboxSetting, tempOf } from '../harnesses/agentSandboxSetting.ts';
import type { AgentSetting } from '../harnesses/harness.ts';

/**
 * Gives the agent the report of what was restored, before its first word: a file of JSON among the session's temporary
 * files, which a variable names. Returns what the agent starts with.
 */
export async function withRestoreReport<Setting extends AgentSetting & { readonly scratch: string }>(
  setting: Setting,
  report: RestoreReport | null,
): Promise<Setting> {
  if (report === null) return setting;
  const inSandbox = await agentSandboxSetting(setting);
  const file = join(tempOf(setting.scratch), 'restore-report.json');
  // Setup commands could have put a link there: it is removed, and never followed.
  await rm(file, { recursive: true, force: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`, { flag: 'wx' });
  return {
    ...setting,
    variables: { ...setting.variables, BATON_RESTORE_REPORT: setting.sandbox.pathInside(inSandbox, file) },
  };
}
