import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AgentEvent, ItemChunk } from '../domain/events.ts';
import { limits } from '../domain/limits.ts';
import { Masking } from './masking.ts';

const chunk = (text: string, stream: ItemChunk['stream'] = 'STDOUT'): ItemChunk => ({
  type: 'item.chunk',
  itemId: 'i',
  stream,
  text,
});
const end: AgentEvent = {
  type: 'item.ended',
  itemId: 'i',
  status: 'OK',
  exitCode: 0,
  signal: null,
  bytes: 0,
  sha256: '',
  omittedBytes: 0,
  tookMs: 1,
};
const textOf = (events: readonly AgentEvent[]) => events.map((event) => (event.type === 'item.chunk' ? event.text : '')).join('');
const masking = (value = 'hunter2hunter3') => {
  const made = new Masking();
  made.use([{ name: 'TOKEN', value }]);
  return made;
};

describe('the masking of what a session tells', () => {
  it('finds a secret that comes in pieces, with the other stream between them', () => {
    const mask = masking();
    const told = [chunk('a hunter2'), chunk('warning', 'STDERR'), chunk('hunter3 b'), end].flatMap((event) => mask.take(event));
    expect(textOf(told)).toBe('a warning[secret TOKEN] b');
  });

  it('tells the size and digest of what the log has of an item', () => {
    const mask = masking();
    const told = [chunk('é hunter2hunter3 hunter'), end].flatMap((event) => mask.take(event));
    const shown = 'é [secret TOKEN] hunter';
    expect(textOf(told)).toBe(shown);
    expect(told.at(-1)).toMatchObject({
      bytes: Buffer.byteLength(shown),
      sha256: createHash('sha256').update(shown).digest('hex'),
    });
  });

  it('gives out what was held back of an item that never ends', () => {
    const mask = masking();
    expect(mask.take(chunk('hunter2'))).toEqual([]);
    expect(textOf(mask.release())).toBe('hunter2');
    expect(mask.release()).toEqual([]);
  });

  it('makes no chunk larger than chunks may be, and cuts no character', () => {
    const told = masking('🙂🙂🙂🙂').take(chunk(`x${'🙂🙂🙂🙂'.repeat(2_000)}🙂🙂🙂!${'🙃'.repeat(5_000)}`));
    expect(told.length).toBeGreaterThan(1);
    for (const event of told) {
      expect(Buffer.byteLength(textOf([event]))).toBeLessThanOrEqual(limits.chunkBytes);
      expect(textOf([event]).isWellFormed()).toBe(true);
    }
    expect(textOf(told)).toBe(`x${'[secret TOKEN]'.repeat(2_000)}🙂🙂🙂!${'🙃'.repeat(5_000)}`);
  });

  it('masks titles, notices, failures, questions and names of files', () => {
    const mask = masking();
    const value = 'hunter2hunter3';
    const events = [
      { type: 'item.started', itemId: 'j', kind: 'COMMAND', title: `login ${value}` },
      { type: 'notice', level: 'INFO', code: 'TURN_LOST', message: value },
      { type: 'session.waiting', for: 'SETUP', detail: value },
      { type: 'session.failed', failure: { origin: 'USER', code: 'SCRIPT_FAILED', message: value, retryable: true } },
      { type: 'files.changed', count: 1, files: [{ path: `dir/${value}`, oldPath: value }] },
      { type: 'prompt.opened', question: value, options: [{ id: 'a', label: value }] },
      { type: 'branch.notPushed', detail: value },
      { type: 'workspace.restored', report: { entries: [{ path: value, detail: value }] } },
    ] as const;
    for (const event of events) expect(JSON.stringify(mask.event(event as never)), event.type).not.toContain(value);
  });

  it('masks an error with its causes', () => {
    const error = masking().error(new Error('no hunter2hunter3', { cause: new Error('hunter2hunter3') })) as Error;
    expect([error.message, error.stack, (error.cause as Error).message].join()).not.toContain('hunter2');
  });

  it('does nothing without secrets', () => {
    const mask = new Masking();
    const event = chunk('hunter2hunter3');
    expect(mask.take(event)).toEqual([event]);
    expect(mask.take(end)).toEqual([end]);
  });
});
