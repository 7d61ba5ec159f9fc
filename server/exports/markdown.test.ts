import { expect, test } from 'vitest';
import type { LoggedEvent, RunEvent } from '../../domain/events.ts';
import type { RunId } from '../../domain/ids.ts';
import type { ExportedRun } from './jsonLines.ts';
import { markdown } from './markdown.ts';

const run: ExportedRun = {
  id: 'run_1',
  title: 'A run',
  state: 'SUCCEEDED',
  origin: 'API',
  harness: 'SCRIPT',
  creator: { id: 'u', name: 'Mira' },
  team: { id: 't', name: 'Team' },
  environment: { id: 'e', name: 'env' },
  createdAt: new Date(0),
  endedAt: null,
};

async function textOf(...events: readonly RunEvent[]): Promise<string> {
  const log = events.map((event, index): LoggedEvent => ({
    runId: 'run_1' as RunId,
    seq: index + 1,
    at: new Date(0),
    session: 1,
    redaction: null,
    event,
  }));
  let text = '';
  for await (const part of markdown(
    run,
    (async function* () {
      yield log;
    })(),
  ))
    text += part;
  return text;
}

const ended = { status: 'OK', exitCode: null, signal: null, bytes: 1, sha256: '', omittedBytes: 0, tookMs: 1 } as const;

test('an agent’s text stands as it is, its thoughts and tools below a word that says what they are', async () => {
  const text = await textOf(
    { type: 'item.started', itemId: 'a', kind: 'THOUGHT', title: '' },
    { type: 'item.chunk', itemId: 'a', stream: 'TEXT', text: 'hm' },
    { type: 'item.ended', itemId: 'a', ...ended },
    { type: 'item.started', itemId: 'b', kind: 'TEXT', title: '' },
    { type: 'item.chunk', itemId: 'b', stream: 'TEXT', text: 'It **works**.' },
    { type: 'item.ended', itemId: 'b', ...ended },
    {
      type: 'item.started',
      itemId: 'c',
      kind: 'TOOL',
      title: 'a.ts',
      tool: { id: '1', name: 'edit', kind: 'EDIT' },
      input: '{}',
    },
    {
      type: 'item.diff',
      itemId: 'c',
      path: 'a.ts',
      oldText: 'one\ntwo\n',
      newText: 'one\nthree\n# no heading\n',
      complete: true,
    },
    { type: 'item.ended', itemId: 'c', ...ended },
  );
  expect(text).toContain('**Thought**: \n\n    hm\n\nIt **works**.\n\n**Tool**: a.ts');
  expect(text).toContain('*Changed `a.ts`*\n\n    @@ -1,2 +1,3 @@\n     one\n    -two\n    +three\n    +# no heading\n\n');
});

test('a plan is a list of tasks, and a change that is too large is only named', async () => {
  const text = await textOf(
    {
      type: 'plan.updated',
      planId: 'p',
      entries: [
        { content: 'look', status: 'COMPLETED' },
        { content: 'do *it*', status: 'IN_PROGRESS' },
        { content: 'test', status: 'PENDING' },
      ],
    },
    { type: 'item.diff', itemId: 'c', path: 'big.bin', oldText: null, newText: null, complete: false },
  );
  expect(text).toContain('- [x] look\n- [ ] now: do \\*it\\*\n- [ ] test\n');
  expect(text).toContain('*Changed `big.bin`, too much to show*');
});
