import { parseId, type RunId } from '../../domain/ids.ts';
import type { PagedEvent } from '../../domain/mergeChunks.ts';
import { builder } from './builder.ts';
import { CursorNotServableError, NotFoundError } from './errors.ts';
import { EventInterface } from './event.ts';
import { RunFilterInput } from './runFilter.ts';
import { watchRunChanges } from '../live/watchRunChanges.ts';
import { watchTranscript, type TranscriptYield } from '../live/watchTranscript.ts';

export interface TranscriptBatch {
  readonly kind: 'BATCH';
  readonly events: readonly PagedEvent[];
  readonly lastSeq: number;
  readonly live: boolean;
}

const TranscriptBatchRef = builder.objectRef<TranscriptBatch>('TranscriptBatch').implement({
  description: 'Events that follow each other in the log. The next batch begins after `lastSeq`.',
  fields: (t) => ({
    events: t.field({ type: [EventInterface], description: 'At most 500, in order.', resolve: (batch) => [...batch.events] }),
    lastSeq: t.exposeInt('lastSeq', { description: 'The cursor from here on.' }),
    live: t.exposeBoolean('live', { description: 'True when the log holds nothing newer at this moment.' }),
  }),
});

const RunChangeRef = builder.objectRef<{ runId: RunId; version: number }>('RunChange').implement({
  description: 'A run has changed.',
  fields: (t) => ({
    runId: t.id({ description: 'Its id.', resolve: ({ runId }) => runId }),
    run: t.prismaField({
      type: 'Run',
      nullable: true,
      description: 'The run as it is now; null when it was deleted.',
      resolve: (query, { runId }, _args, { database }) => database.run.findUnique({ ...query, where: { id: runId } }),
    }),
    version: t.exposeInt('version', { description: 'Its version; ignore one that is not greater than what you have.' }),
  }),
});

builder.subscriptionFields((t) => ({
  transcript: t.field({
    type: TranscriptBatchRef,
    errors: {
      types: [NotFoundError, CursorNotServableError],
      union: { name: 'TranscriptResult', description: 'What the transcript subscription yields. After an error it completes.' },
    },
    description: 'Every event after `after`, once and in order; 0 starts at the first. It goes on for as long as it is wanted.',
    args: {
      runId: t.arg.id({ required: true, description: 'The run.' }),
      after: t.arg.int({ required: true, description: 'The sequence number of the last event that you have; 0 for none.' }),
    },
    subscribe: (_root, { runId, after }, context) => watchTranscript(context, parseId('run', runId), runId, after),
    resolve: (value: TranscriptYield) => {
      if (value instanceof Error) throw value;
      return value;
    },
  }),
  runChanged: t.field({
    type: RunChangeRef,
    description:
      'Says that a run of the filter’s teams, environment, creator and origins has changed. Level-triggered: after a reconnect, query again.',
    args: { filter: t.arg({ type: RunFilterInput, description: 'Which runs.' }) },
    subscribe: (_root, { filter }, context) => watchRunChanges(context, filter),
    resolve: (value: { runId: RunId; version: number }) => value,
  }),
}));
