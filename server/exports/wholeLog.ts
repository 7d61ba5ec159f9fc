import type { LoggedEvent } from '../../domain/events.ts';
import type { MessageId, RunId } from '../../domain/ids.ts';
import type { Journal } from '../../journal/journal.ts';
import { readAfter, readLastSeqs } from '../../journal/read.ts';

/**
 * The run's log from its start to where it ends now, page by page, messages with their whole text. It ends early when
 * the run is deleted meanwhile.
 */
export async function* wholeLog(journal: Journal, runId: RunId): AsyncGenerator<readonly LoggedEvent[]> {
  const end = (await readLastSeqs(journal, [runId])).get(runId) ?? 0;
  for (let after = 0; after < end;) {
    const read = (await readAfter(journal, runId, after)).filter(({ seq }) => seq <= end);
    const last = read.at(-1);
    if (!last) return;
    after = last.seq;
    yield await withWholeTexts(journal, read);
  }
}

/** An event holds the head of a long message only. */
async function withWholeTexts(journal: Journal, events: readonly LoggedEvent[]): Promise<readonly LoggedEvent[]> {
  const cut = events.flatMap(({ event }): MessageId[] =>
    event.type === 'message.added' && Buffer.byteLength(event.text) < event.bytes ? [event.messageId] : [],
  );
  if (cut.length === 0) return events;
  const { rows } = await journal.pool.query<{ id: MessageId; text: string }>(
    'SELECT id, text FROM "Message" WHERE id = ANY($1)',
    [cut],
  );
  const texts = new Map(rows.map(({ id, text }) => [id, text]));
  return events.map((logged) => {
    const text = logged.event.type === 'message.added' ? texts.get(logged.event.messageId) : undefined;
    return text === undefined ? logged : ({ ...logged, event: { ...logged.event, text } } as LoggedEvent);
  });
}
