import type { Sandbox } from '../harnesses/sandbox.ts';
import { agentSandboxSetting } from '../harnesses/agentSandboxSetting.ts';
import { homeInside, workspaceInside } from '../harnesses/bubblewrapArguments.ts';
import type { SessionToOpen } from '../journal/readSession.ts';
import { bytePathOf } from '../workspace/bytePath.ts';
import type { DeclaredFiles, DeclaredOutside } from '../workspace/capture.ts';
import type { HostedSession } from './hostedSession.ts';
import { runOutsideScript } from './outsideScript.ts';

/** What the session's environment wants captured beyond git. It asks the environment's script, where there is one. */
export async function declaredFiles(
  sandbox: Sandbox,
  session: HostedSession,
  info: SessionToOpen,
  signal: AbortSignal,
): Promise<DeclaredFiles> {
  return {
    ignored: Object.fromEntries(info.repositories.map(({ path, snapshot }) => [path, snapshot?.ignored ?? []])),
    secretFiles: info.secretFiles,
    outside: await declaredOutside(sandbox, session, info, signal),
  };
}

async function declaredOutside(
  sandbox: Sandbox,
  session: HostedSession,
  { outside, outsideScript }: SessionToOpen,
  signal: AbortSignal,
): Promise<DeclaredOutside | undefined> {
  if (session.setting === null || (outside.length === 0 && outsideScript === null)) return undefined;
  const setting = await agentSandboxSetting({ ...session.setting, scratch: session.scratch });
  const printed = outsideScript === null ? null : await runOutsideScript({ sandbox, setting, script: outsideScript, signal });
  // An environment names places as a sandbox shows them, though a worker without one shows its own.
  const names = (...paths: readonly string[]) => [...new Set(paths)].map(bytePathOf);
  return {
    paths: [...outside.map(bytePathOf), ...(printed?.paths ?? [])],
    seenAs: {
      workspace: names(sandbox.workspacePath(setting), workspaceInside),
      home: names(sandbox.homePath(setting), homeInside),
    },
    home: session.home,
    gaps: printed?.gaps ?? [],
  };
}
