import { expect, test } from 'vitest';
import { explainFileError, Problem, saysDiskFull } from './problem.ts';

const fileError = (code: string) => Object.assign(new Error(code), { code, path: '/state/x' });

test.each([
  [
    'ENOSPC',
    'The disk that holds /state is full.\nFree some space there, or use another disk: BATON_HOME=/another/directory npm start',
  ],
  [
    'EACCES',
    "/state/x can't be written: it belongs to another user.\nRun as that user, or use another directory: BATON_HOME=/another/directory npm start",
  ],
  [
    'EROFS',
    "/state/x can't be written: its file system is read-only.\nMake it writable, or use another directory: BATON_HOME=/another/directory npm start",
  ],
  [
    'ENOTDIR',
    "/state/x can't be made: a file is in the way.\nMove the file, or use another directory: BATON_HOME=/another/directory npm start",
  ],
  ['ENAMETOOLONG', '/state/x is too long a path for this system.\nUse a shorter one: BATON_HOME=/another/directory npm start'],
])('%s is said in a sentence, with what to do', (code, message) => {
  expect(explainFileError(fileError(code), '/state')).toEqual(new Problem(message));
});

test('an error that is no fault of the file system stays what it is', () => {
  const error = new TypeError('x is not a function');
  expect(explainFileError(error, '/state')).toBe(error);
});

test.each([
  'ENOSPC: no space left on device, write',
  'FATAL:  could not write to file "pg_wal/xlogtemp.31": No space left on device',
  'HINT:  Check free disk space.',
  'SQL logic error: database or disk is full (13)',
])('%s says that the disk is full', (text) => {
  expect(saysDiskFull(text)).toBe(true);
});
