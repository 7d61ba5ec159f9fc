import type pg from 'pg';
import { insertRow, Json, updateRow } from './columns.ts';
import type { Change } from './persist.ts';

/** Writes the rows of prompts. */
export async function projectPrompts(client: pg.PoolClient, { after, at, steps }: Change): Promise<void> {
  for (const { event } of steps) {
    switch (event.type) {
      case 'prompt.opened':
        await insertRow(client, 'Prompt', {
          id: event.promptId,
          runId: after.id,
          kind: event.kind,
          question: event.question,
          options: new Json(event.options),
          freeText: event.freeText,
          state: 'OPEN',
          createdAt: at,
        });
        break;
      case 'prompt.answered':
        await updateRow(client, 'Prompt', event.promptId, {
          state: 'ANSWERED',
          answer: new Json(event.answer),
          answeredBy: new Json(event.actor),
        });
        break;
      case 'prompt.delivered':
        await updateRow(client, 'Prompt', event.promptId, { state: 'DELIVERED' });
        break;
      case 'prompt.closed':
        await updateRow(client, 'Prompt', event.promptId, { state: event.reason });
        break;
      default:
    }
  }
}
