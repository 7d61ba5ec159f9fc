import { expect, test } from 'vitest';
import { createLog, passwordIn } from './log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  const destination = { write: (line: string) => void (text += line) };
  write(createLog({ level: 'info', base: { part: 'gateway' }, secrets: ['p"ss word/1', undefined, 'abc'], destination }));
  return text;
}

test('a line is JSON with its part, its level and its fields', () => {
  const line = JSON.parse(logged((log) => log.info({ runId: 'run_1' }, 'it began'))) as object;
  expect(line).toMatchObject({ part: 'gateway', level: 30, runId: 'run_1', msg: 'it began' });
});

test('a secret of the process is masked wherever it stands, as it is, in JSON and in an address', () => {
  const text = logged((log) =>
    log.info({ deep: { er: ['x p"ss word/1 y'] }, url: encodeURIComponent('p"ss word/1') }, 'p"ss word/1'),
  );
  expect(JSON.parse(text)).toMatchObject({ deep: { er: ['x *** y'] }, url: '***', msg: '***' });
});

test('passwords in addresses, tokens and credentials in headers are masked, in errors too', () => {
  const error = new Error('connect to postgresql://baton:hunter2hunter@db:5432/baton failed');
  const text = logged((log) => {
    log.error({ err: error }, 'with baton_token_Abc-_9x and Authorization: Bearer eyJhbGci.x.y');
    log.warn({ headers: { cookie: 'a=b; c="d"', host: 'baton.example' }, password: 'short' }, 'a request');
  });
  expect(text).not.toMatch(/hunter2|Abc-_9x|eyJ|a=b|short/);
  expect(text).toContain('postgresql://baton:***@db:5432/baton');
  expect(text).toContain('"host":"baton.example"');
  for (const line of text.trim().split('\n')) JSON.parse(line);
});

test('the password of an address is found, and none where there is none', () => {
  expect(passwordIn('postgresql://u:p%40ss@h/d')).toBe('p@ss');
  expect(passwordIn('postgresql://h/d')).toBeUndefined();
});
