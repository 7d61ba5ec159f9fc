import { describe, expect, it } from 'vitest';
import { SupervisorWords, signalName } from './supervisor.ts';

function told(...parts: string[]): SupervisorWords {
  const words = new SupervisorWords();
  for (const part of parts) words.take(part);
  return words;
}

describe('the supervisor’s words', () => {
  it('say nothing of the end before it comes', () => {
    expect(told('baton watchdog 17\n').end()).toBeNull();
    expect(told('\nbaton ended 1').end()).toBeNull();
  });

  it('say the exit code, in however many parts they come', () => {
    expect(told('\nbaton en', 'ded 4', '2\n').end()).toEqual({ exitCode: 42, signal: null });
  });

  it.each([
    'Killed\n',
    'baton: line 4:    12 Killed                  ( exec "$@" 2>&3 3>&- 4<&- )\n',
    'baton watchdog 9\nKilled\n',
  ])('name a signal only when the shell spoke of one: %j', (shell) => {
    expect(told(`${shell}\nbaton ended 137\n`).end()).toEqual({ exitCode: null, signal: 'SIGKILL' });
    expect(told('baton watchdog 9\n\nbaton ended 137\n').end()).toEqual({ exitCode: 137, signal: null });
  });

  it('tell the watchdog’s pid', () => {
    expect(told('baton watch').watchdog()).toBeNull();
    expect(told('baton watch', 'dog 123\n').watchdog()).toBe(123);
  });

  it('do not grow without bound', () => {
    const words = told();
    for (let i = 0; i < 100; i += 1) words.take('x'.repeat(10_000));
    expect(words.all().length).toBeLessThan(100_000);
  });

  it('know the signals by number', () => {
    expect(signalName(9)).toBe('SIGKILL');
    expect(signalName(0)).toBeNull();
    expect(signalName(-3)).toBeNull();
  });
});
