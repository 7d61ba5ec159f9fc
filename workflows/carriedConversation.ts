import { setTimeout as sleep } from 'node:timers/promises';
import { BlobCorruptError, BlobMissingError, type BlobStore } from '../blobs/blobStore.ts';
import { harnessCapabilities } from '../domain/harness.ts';
import type { ConversationState } from '../harnesses/harness.ts';
import type { Journal } from '../journal/journal.ts';
import type { SessionToOpen } from '../journal/readSession.ts';
import { whileAway } from '../journal/retry.ts';
import * as steps from '../journal/steps.ts';
import type { HostedSession } from './hostedSession.ts';

/** How often a store that does not answer is asked, and the pause between, in milliseconds. */
const attempts = 4;
const pauseMs = 500;

/**
 * The conversation that the session's agent goes on with: the newest that an agent of its kind left in the run. Where
 * there is none, or it does not have all that happened since, the transcript says so.
 */
export async function carriedConversation(
  { journal, blobs }: { readonly journal: Journal; readonly blobs: BlobStore },
  session: HostedSession,
  info: SessionToOpen,
): Promise<ConversationState | null> {
  const { label, resume } = harnessCapabilities[info.harness];
  if (!resume || !info.hadSessions) return null;
  const say = (message: string) =>
    whileAway(session.gone, () =>
      steps.record(journal, session.writer, [{ type: 'notice', level: 'WARNING', code: 'CONVERSATION_NOT_CARRIED', message }]),
    );
  const { conversation } = info;
  if (!conversation) {
    await say(
      `${label} does not remember what was said before: no earlier session left a conversation of its own. Tell it what it needs to know.`,
    );
    return null;
  }
  const content = await read(blobs, info, conversation.blob.hash, session.halted);
  if (content === null) {
    await say(`${label} does not remember what was said before: its conversation is gone from the store, or damaged.`);
    return null;
  }
  if (conversation.session < info.ordinal - 1) {
    await say(`${label} remembers what was said up to session ${conversation.session}, not what came after it.`);
  }
  return { format: conversation.format, conversationId: conversation.conversationId, content };
}

/** The content; null when it is gone or damaged. A store that is out of reach is asked again, then the session fails. */
async function read(blobs: BlobStore, { teamId }: SessionToOpen, hash: string, signal: AbortSignal): Promise<Buffer | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await blobs.get(teamId, hash);
    } catch (error) {
      if (error instanceof BlobMissingError || error instanceof BlobCorruptError) return null;
      if (attempt === attempts) throw error;
      await sleep(pauseMs * attempt, undefined, { signal });
    }
  }
}
