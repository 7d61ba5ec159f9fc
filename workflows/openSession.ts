import { mkdir } from 'node:fs/promises';
import type { BlobStore } from '../blobs/blobStore.ts';
import { FailureError } from '../domain/failure.ts';
import type { Notice } from '../domain/events.ts';
import type { Wait } from '../domain/states.ts';
import type { HarnessKind } from '../domain/harness.ts';
import { agentSandboxSetting } from '../harnesses/agentSandboxSetting.ts';
import { runCommandItem } from '../harnesses/commandItem.ts';
import type { AgentSetting, Harness } from '../harnesses/harness.ts';
import type { Sandbox, SandboxExit } from '../harnesses/sandbox.ts';
import { setupItem } from '../harnesses/setupItem.ts';
import type { Journal } from '../journal/journal.ts';
import type { SecretBox } from '../journal/secretBox.ts';
import { readSession, readSessionAge, type SessionToOpen } from '../journal/readSession.ts';
import { whileAway } from '../journal/retry.ts';
import * as steps from '../journal/steps.ts';
import { handoffSeconds } from '../telemetry/metrics.ts';
import type { RestoreReport } from '../domain/snapshot.ts';
import { carriedConversation } from './carriedConversation.ts';
import type { HostedSession } from './hostedSession.ts';
import { loadSecrets, variablesIn } from './sessionSecrets.ts';
import { withRestoreReport } from './restoreReportFile.ts';
import type { SessionWorkspaces } from './sessionWorkspaces.ts';

export interface OpeningDependencies {
  readonly journal: Journal;
  readonly workspaces: SessionWorkspaces;
  readonly blobs: BlobStore;
  readonly harnesses: Readonly<Record<HarnessKind, Harness>>;
  readonly sandbox: Sandbox;
  /** Opens the secrets of environments. */
  readonly secretBox: SecretBox;
  readonly turnTimeoutMs: number;
  readonly setupTimeoutMs: number;
}

/** Progress is written at most this often, in milliseconds. */
const progressEveryMs = 1_000;

/**
 * Makes a session ready for its first turn: the repositories, the setup commands, the snapshot, the agent, in this
 * order, so that what setup leaves behind never stands above what the snapshot holds. Each step is in the log as it
 * goes. Rejects with the failure the session ends with.
 */
export async function openSession(dependencies: OpeningDependencies, session: HostedSession): Promise<void> {
  const { journal } = dependencies;
  const info = await whileAway(session.gone, () => readSession(journal, session.writer.sessionId));
  session.info = info;
  session.useSecrets(await loadSecrets(dependencies, session, info));
  await mkdir(session.home, { recursive: true });
  await mkdir(session.scratch, { recursive: true });
  await openRepositories(dependencies, session, info);
  const setting = agentSetting(dependencies, session, info);
  session.setting = setting;
  await runSetup(dependencies, session, info, setting);
  const report = await restore(dependencies, session, info);
  await say(dependencies, session, 'HARNESS', null);
  session.conversation = await carriedConversation(dependencies, session, info);
  const progress = throttled((detail) => steps.waiting(journal, session.writer, 'HARNESS', detail));
  try {
    session.agent = await dependencies.harnesses[info.harness].start({
      ...(await withRestoreReport(setting, report)),
      ...(session.conversation && { conversation: session.conversation }),
      progress: progress.say,
      signal: session.halted,
    });
  } finally {
    await progress.settled();
  }
  session.halted.throwIfAborted();
  const { cause, seconds } = await whileAway(session.gone, () => readSessionAge(journal, session.writer.sessionId));
  handoffSeconds.observe({ cause }, seconds);
}

async function openRepositories(
  { journal, workspaces, sandbox }: OpeningDependencies,
  session: HostedSession,
  info: SessionToOpen,
): Promise<void> {
  const started = performance.now();
  const progress = throttled((detail) => steps.waiting(journal, session.writer, 'CLONE', detail));
  session.opened = await workspaces.open(session, info, progress.say);
  await progress.settled();
  const sandboxed: Notice = {
    type: 'notice',
    level: sandbox.kind === 'BUBBLEWRAP' ? 'INFO' : 'WARNING',
    code: sandbox.kind === 'BUBBLEWRAP' ? 'SANDBOXED' : 'NOT_SANDBOXED',
    message: sandbox.description,
  };
  await whileAway(session.gone, () =>
    steps.record(journal, session.writer, [
      { type: 'workspace.opened', repositories: session.opened, tookMs: Math.round(performance.now() - started) },
      sandboxed,
    ]),
  );
}

async function runSetup(
  { journal, sandbox, setupTimeoutMs }: OpeningDependencies,
  session: HostedSession,
  { setupCommands }: SessionToOpen,
  agent: AgentSetting,
): Promise<void> {
  const until = performance.now() + setupTimeoutMs;
  const setting = await agentSandboxSetting({ ...agent, scratch: session.scratch });
  for (const command of setupCommands) {
    const item = setupItem(command, setting, Math.max(1, until - performance.now()));
    await whileAway(session.gone, () => steps.waiting(journal, session.writer, 'SETUP', item.title));
    const { reason, exit } = await runCommandItem(sandbox, item, (event) => session.transcript.emit(event), session.halted);
    await session.transcript.settle();
    session.halted.throwIfAborted();
    if (reason === 'TIMED_OUT') throw setupTimedOut(setupTimeoutMs);
    if (exit.exitCode !== 0) throw setupFailed(item.title, exit);
  }
}

const setupTimedOut = (timeoutMs: number) =>
  new FailureError(
    'SETUP_TIMED_OUT',
    `The setup commands took longer than ${Math.round(timeoutMs / 60_000)} minutes. Make them faster, or raise BATON_SETUP_TIMEOUT_MINUTES on the workers.`,
  );

const setupFailed = (title: string, { exitCode, signal }: SandboxExit) =>
  new FailureError(
    'SETUP_COMMAND_FAILED',
    `The setup command “${title}” ${exitCode === null ? `was ended by ${signal}` : `exited with ${exitCode}`}. Its output is in the transcript. Mend the command or the branch, then continue the run.`,
  );

async function restore(
  { journal, workspaces }: OpeningDependencies,
  session: HostedSession,
  info: SessionToOpen,
): Promise<RestoreReport | null> {
  const { writer, gone } = session;
  if (info.restore) {
    await whileAway(gone, () => steps.restoring(journal, writer));
    const report = await workspaces.restore(session, { ...info, restore: info.restore });
    session.manifest = info.restore.summary.manifest;
    await whileAway(gone, () => steps.record(journal, writer, [{ type: 'workspace.restored', report }]));
    return report;
  }
  if (info.hadSessions) {
    const message = info.runHasSnapshot
      ? 'This session was opened without the workspace of before, as chosen. The conversation goes on.'
      : 'No workspace was restored: no earlier session left a snapshot. The conversation goes on from a fresh checkout.';
    await whileAway(gone, () =>
      steps.record(journal, writer, [{ type: 'notice', level: 'WARNING', code: 'NO_WORKSPACE_RESTORED', message }]),
    );
  }
  return null;
}

function agentSetting(
  { sandbox, turnTimeoutMs }: OpeningDependencies,
  session: HostedSession,
  info: SessionToOpen,
): AgentSetting & { readonly scratch: string } {
  return {
    sandbox,
    workspace: session.workspace,
    home: session.home,
    scratch: session.scratch,
    network: true,
    turnTimeoutMs,
    permissions: { mode: info.permissions, allowedCommands: info.allowedCommands },
    variables: {
      ...Object.fromEntries(info.variables.map(({ name, value }) => [name, value])),
      ...variablesIn(session.secrets),
      BATON_RUN_ID: info.runId,
      BATON_SESSION_ID: info.sessionId,
      BATON_SESSION_ORDINAL: String(info.ordinal),
      BATON_BRANCH: session.opened[0]?.branch ?? '',
    },
  };
}

const say = ({ journal }: OpeningDependencies, session: HostedSession, wait: Wait, detail: string | null) =>
  whileAway(session.gone, () => steps.waiting(journal, session.writer, wait, detail));

/** Writes the newest of many progress texts, one at a time and not too often. What cannot be written is only progress. */
function throttled(write: (detail: string) => Promise<void>): { say: (detail: string) => void; settled: () => Promise<void> } {
  let writing: Promise<void> = Promise.resolve();
  let last = -Infinity;
  return {
    say: (detail) => {
      if (performance.now() - last < progressEveryMs) return;
      last = performance.now();
      writing = writing.then(() => write(detail)).catch(() => {});
    },
    settled: () => writing,
  };
}
