import { parseId, type MessageId, type PromptId, type RunId } from '../../domain/ids.ts';
import { maySee } from '../auth/viewer.ts';
import type { Context } from './context.ts';
import { NotFoundError } from './errors.ts';

const ofRun = { run: { select: { teamId: true } } } as const;

/** The run and its team; throws NotFoundError when it does not exist for the viewer. */
export async function requireRun({ database, viewer }: Context, id: string): Promise<{ runId: RunId; teamId: string }> {
  const runId = parseId('run', id);
  const run = runId && (await database.run.findUnique({ where: { id: runId }, select: { teamId: true } }));
  if (!runId || !run || !maySee(viewer, run.teamId)) throw new NotFoundError('run', id);
  return { runId, teamId: run.teamId };
}

/** The message with its run; throws NotFoundError when it does not exist for the viewer. */
export async function requireMessage(
  { database, viewer }: Context,
  id: string,
): Promise<{ messageId: MessageId; runId: RunId; teamId: string }> {
  const messageId = parseId('msg', id);
  const row = messageId && (await database.message.findUnique({ where: { id: messageId }, select: { runId: true, ...ofRun } }));
  if (!messageId || !row || !maySee(viewer, row.run.teamId)) throw new NotFoundError('message', id);
  return { messageId, runId: row.runId as RunId, teamId: row.run.teamId };
}

/** The prompt with its run; throws NotFoundError when it does not exist for the viewer. */
export async function requirePrompt(
  { database, viewer }: Context,
  id: string,
): Promise<{ promptId: PromptId; runId: RunId; teamId: string }> {
  const promptId = parseId('prm', id);
  const row = promptId && (await database.prompt.findUnique({ where: { id: promptId }, select: { runId: true, ...ofRun } }));
  if (!promptId || !row || !maySee(viewer, row.run.teamId)) throw new NotFoundError('prompt', id);
  return { promptId, runId: row.runId as RunId, teamId: row.run.teamId };
}
