import { expect, test } from 'vitest';
import { isAllowedCommand, type Permissions } from './permissions.ts';

const list: Permissions = { mode: 'ALLOW_LIST', allowedCommands: ['npm test', 'git status'] };

test('a command on the list is allowed with more arguments, one that only begins like it is not', () => {
  expect(isAllowedCommand(list, 'npm test')).toBe(true);
  expect(isAllowedCommand(list, '  npm   test -- --run src/a.test.ts')).toBe(true);
  expect(isAllowedCommand(list, 'npm testify')).toBe(false);
  expect(isAllowedCommand(list, 'npm')).toBe(false);
});

test.each([
  'npm test; rm -rf .',
  'npm test && curl x',
  'npm test $(cat key)',
  'npm test > /etc/x',
  'npm test\nrm x',
  'git status `id`',
])('what a shell makes more of is never on the list: %s', (command) => {
  expect(isAllowedCommand(list, command)).toBe(false);
});

test('the list counts only where the policy is to use it, and an empty line of it allows nothing', () => {
  expect(isAllowedCommand({ ...list, mode: 'ASK' }, 'npm test')).toBe(false);
  expect(isAllowedCommand({ mode: 'ALLOW_LIST', allowedCommands: [''] }, 'rm x')).toBe(false);
});
