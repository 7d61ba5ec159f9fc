import type { BranchNotPushed, BranchPushed, OpenedRepository } from '../domain/events.ts';
import { StaleSessionError } from '../domain/execution.ts';
import { FailureError } from '../domain/failure.ts';
import { wasAppended } from '../journal/append.ts';
import type { Journal } from '../journal/journal.ts';
import type { EnvironmentRepository, SessionToOpen } from '../journal/readSession.ts';
import { whileAway } from '../journal/retry.ts';
import * as steps from '../journal/steps.ts';
import type { HostedSession } from './hostedSession.ts';
import type { SessionWorkspaces } from './sessionWorkspaces.ts';

/**
 * Pushes the run's branch of each repository whose environment says so, and appends what came of it. Called once the
 * agent is stopped, however its last turn ended: what was committed is a result also of a run that failed or was
 * canceled. What cannot be pushed is told and fails nothing. Rejects only when the session is no longer this worker's.
 */
export async function pushBranches(journal: Journal, workspaces: SessionWorkspaces, session: HostedSession): Promise<void> {
  const { info, writer, gone } = session;
  if (!info) throw new Error('the session was not opened');
  for (const [place, { path, url, push }] of info.repositories.entries()) {
    const opened = session.opened.find(({ repository }) => repository === path);
    if (!push || !opened) continue;
    const detail = `pushing ${opened.branch}${path === '.' ? '' : ` of ${path}`}`;
    await whileAway(gone, () => steps.waiting(journal, writer, 'CAPTURE', detail));
    const came = await tryPush(workspaces, session, info, { opened, url });
    if (came) await append(journal, session, came, place);
  }
}

/** Once, also when the first try's reply was lost. */
async function append(
  journal: Journal,
  { writer, gone }: HostedSession,
  came: BranchPushed | BranchNotPushed,
  place: number,
): Promise<void> {
  const key = `${writer.sessionId}/${writer.epoch}/push/${place}`;
  await whileAway(gone, async (attempt) => {
    if (attempt > 0 && (await wasAppended(journal, writer.runId, key))) return;
    await steps.record(journal, writer, [came], key);
  });
}

async function tryPush(
  workspaces: SessionWorkspaces,
  session: HostedSession,
  info: SessionToOpen,
  repository: { readonly opened: OpenedRepository; readonly url: EnvironmentRepository['url'] },
): Promise<BranchPushed | BranchNotPushed | null> {
  const { gone, log } = session;
  try {
    const came = await workspaces.push(session, info, repository, gone);
    if (came?.type === 'branch.notPushed')
      log.info({ repository: came.repository, reason: came.reason }, 'a branch was not pushed');
    return came;
  } catch (error) {
    gone.throwIfAborted();
    if (error instanceof StaleSessionError) throw error;
    log.error({ err: error }, 'a branch could not be pushed');
    const { repository: folder, url, branch } = repository.opened;
    const detail =
      error instanceof FailureError
        ? error.message
        : 'The push failed for a defect of Baton; the worker’s log has the details. The commits are in the snapshot, and the end of the next session pushes them again.';
    return { type: 'branch.notPushed', repository: folder, url, branch, commit: null, reason: 'FAILED', detail };
  }
}
