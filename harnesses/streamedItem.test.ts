import { expect, it } from 'vitest';
import type { AgentEvent } from '../domain/events.ts';
import { limits } from '../domain/limits.ts';
import { calledTool, itemDiff, planEntries } from './calledTool.ts';
import { StreamedItem } from './streamedItem.ts';

async function written(write: (item: StreamedItem) => Promise<void>): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  const item = await StreamedItem.begin(async (event) => void events.push(event), { kind: 'TEXT', title: '' });
  await write(item);
  return events;
}

it('an item says what it was told, with a length and a hash to check by, and ends once', async () => {
  const events = await written(async (item) => {
    await item.write('hello ');
    await item.write('world\0');
    await item.end('OK');
    await item.end('FAILED');
  });
  expect(events.map((event) => (event.type === 'item.chunk' ? event.text : '')).join('')).toBe('hello world\u{fffd}');
  expect(events.at(-1)).toMatchObject({ type: 'item.ended', status: 'OK', bytes: 14 });
  expect(events.filter(({ type }) => type === 'item.ended')).toHaveLength(1);
});

it('an event of a tool, a diff or a plan never outgrows what the log takes, whatever the agent sends', async () => {
  const long = '\u0001"\\ü'.repeat(40_000);
  const called = calledTool({ id: '1', name: 'write', kind: 'EDIT' }, { content: long });
  expect(called.inputBytes).toBeGreaterThan(limits.payloadBytes);
  expect(JSON.stringify(called).length).toBeLessThan(limits.payloadBytes);
  const diff = itemDiff('a', 'a.txt', 'short', long);
  expect(diff).toMatchObject({ complete: false, oldText: null, newText: null });
  const plan = planEntries(Array.from({ length: 200 }, () => ({ content: long, status: 'PENDING' as const })));
  expect(JSON.stringify(plan).length).toBeLessThan(limits.payloadBytes);
  expect(plan).toHaveLength(50);
});

it('a diff of a file that is new or gone has one side, and is complete', () => {
  expect(itemDiff('a', 'a', null, 'new')).toMatchObject({ complete: true, oldText: null, newText: 'new' });
  expect(itemDiff('a', 'a', 'old', null)).toMatchObject({ complete: true, oldText: 'old', newText: null });
});
