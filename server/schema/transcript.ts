import { GraphQLError } from 'graphql';
import { mergeChunks } from '../../domain/mergeChunks.ts';
import type { RunId } from '../../domain/ids.ts';
import { readAfter, readBefore } from '../../journal/read.ts';
import { builder } from './builder.ts';
import { EventInterface } from './event.ts';
import { pageOf } from './pages.ts';

/** Events of a page at most, before chunks are merged. */
const mostEvents = 1_000;

builder.prismaObjectField('Run', 'transcript', (t) =>
  t.connection({
    type: EventInterface,
    description:
      'The log. A cursor is a sequence number as text. Streamed chunks of one item that follow each other are merged within a page; a page has at most 1,000 events before that.',
    complexity: (page) => ({ field: 5, multiplier: pageOf(page, 100, mostEvents) / 500 }),
    resolve: async (run, { after, before, first, last }, { journal }) => {
      const runId = run.id as RunId;
      const limit = Math.max(0, Math.min(first ?? last ?? 100, mostEvents));
      const backwards = first == null && (last != null || before != null);
      const from = after == null ? 0 : seqOf(after);
      const to = before == null ? null : seqOf(before);
      // One more than asked for tells whether there is another page.
      const read = backwards
        ? (await readBefore(journal, runId, to ?? 2 ** 31 - 1, limit + 1)).filter(({ seq }) => seq > from)
        : (await readAfter(journal, runId, from, limit + 1)).filter(({ seq }) => to === null || seq < to);
      const page = backwards ? read.slice(Math.max(0, read.length - limit)) : read.slice(0, limit);
      const more = read.length > limit;
      const events = mergeChunks(page);
      return {
        edges: events.map((node) => ({ node, cursor: String(node.seq) })),
        pageInfo: {
          // A merged event stands for several; paging backwards goes on before the first of them.
          startCursor: page[0] ? String(page[0].seq) : null,
          endCursor: page.length > 0 ? String(page.at(-1)?.seq) : null,
          hasPreviousPage: backwards ? more : (page[0]?.seq ?? 1) > 1,
          hasNextPage: backwards ? to !== null : more,
        },
      };
    },
  }),
);

/** A cursor's sequence number. */
function seqOf(cursor: string): number {
  const seq = Number(cursor);
  if (/^\d+$/.test(cursor) && seq < 2 ** 31) return seq;
  throw new GraphQLError(`${JSON.stringify(cursor.slice(0, 40))} is not a cursor of a transcript: a sequence number as text.`, {
    extensions: { code: 'INVALID_CURSOR' },
  });
}
