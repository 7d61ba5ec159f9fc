import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NewsTeller } from './news.ts';
import { Report, type Output } from './report.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 0, 2, 10, 42, 13) });
});

afterEach(() => {
  vi.useRealTimers();
});

function output(more: Partial<Output> = {}) {
  let text = '';
  const out: Output = { write: (part) => (text += part), ...more };
  const report = new Report(out);
  return { report, written: () => text };
}

test('without a terminal there is one plain line for each part, when it is done', () => {
  const { report, written } = output();
  const postgres = report.begin('PostgreSQL');
  const temporal = report.begin('Temporal');
  vi.advanceTimersByTime(340);
  postgres.done('running', '127.0.0.1:4');
  vi.advanceTimersByTime(65_000);
  temporal.failed();
  expect(written()).toBe('  PostgreSQL   running       0.3 s   127.0.0.1:4\n  Temporal     failed      1 min 5 s\n');
});

test('without a terminal work that takes long says from time to time that it goes on', () => {
  const { report, written } = output();
  const row = report.begin('Temporal');
  for (let second = 1; second <= 31; second++) {
    vi.advanceTimersByTime(1_000);
    row.progress(`compiling ${second}`);
  }
  expect(written()).toBe(
    '  Temporal     starting     15.0 s   compiling 15\n  Temporal     starting     30.0 s   compiling 30\n',
  );
});

test('in a terminal open lines are redrawn below those that stay, and never wrap', () => {
  const { report, written } = output({ isTTY: true, columns: 40 });
  const temporal = report.begin('Temporal');
  temporal.progress('compiling something with a very long name indeed');
  report.line('news');
  expect(screen(written())).toEqual(['news', '  Temporal     compiling something with']);
  temporal.done('running', 'here');
  expect(screen(written())).toEqual(['news', '  Temporal     running       0.0 s   here']);
});

test('in a terminal the time of an open line goes on', () => {
  const { report, written } = output({ isTTY: true, columns: 80 });
  const row = report.begin('Temporal');
  vi.advanceTimersByTime(2_000);
  expect(screen(written())).toEqual(['  Temporal     starting · 2.0 s']);
  row.done('running', '');
  expect(vi.getTimerCount()).toBe(0);
});

test('news of parts have a time; what stays broken is said once', () => {
  const { report, written } = output();
  const { tell } = new NewsTeller(report);
  tell('Worker', { type: 'died', how: 'was killed by SIGKILL', againInMs: 200 });
  tell('Worker', { type: 'stuck', reason: 'The disk is full.\nFree some space.', againInMs: 1_000 });
  tell('Worker', { type: 'stuck', reason: 'The disk is full.\nFree some space.', againInMs: 2_000 });
  tell('Worker', { type: 'restarted', ms: 800, detail: 'process 7' });
  tell('Gateway', { type: 'died', how: 'The port is taken.', againInMs: 200 });
  expect(written().split('\n')).toEqual([
    '  10:42:13  Worker was killed by SIGKILL; it is started again',
    "  10:42:13  Worker can't be started again: The disk is full.",
    '            Free some space.',
    '            It is tried again and again, at least every 30 s.',
    '  10:42:13  Worker runs again (0.8 s), process 7',
    '  10:42:13  Gateway ended: The port is taken.; it is started again',
    '',
  ]);
});

/** What a terminal shows after these writes: lines, "up n lines" and "erase below" are all that is used. */
function screen(text: string): string[] {
  const lines: string[] = [''];
  for (const token of text.match(/\u001B\[\d*[A-Z]|\n|[^\u001B\n]+/g) ?? []) {
    const up = /^\u001B\[(\d+)A$/.exec(token)?.[1];
    if (up !== undefined) lines.splice(lines.length - 1 - Number(up), Number(up) + 1, '');
    else if (token === '\n') lines.push('');
    else if (!token.startsWith('\u001B')) lines[lines.length - 1] += token;
  }
  return lines.slice(0, -1);
}
