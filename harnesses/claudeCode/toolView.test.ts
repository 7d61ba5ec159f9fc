import { expect, test } from 'vitest';
import { diffOf, exitCodeIn, planIn, toolKind, toolTitle } from './toolView.ts';

const workspace = '/workspace';

test('a call has a title of one line that says what it is used on', () => {
  expect(toolTitle('Bash', { command: '# tests\nnpm test' }, workspace)).toBe('npm test');
  expect(toolTitle('Read', { file_path: '/workspace/src/a.ts' }, workspace)).toBe('Read src/a.ts');
  expect(toolTitle('Read', { file_path: '/workspaces/a.ts' }, workspace)).toBe('Read /workspaces/a.ts');
  expect(toolTitle('Grep', { pattern: 'a\nb' }, workspace)).toBe('Grep a b');
  expect(toolTitle('mcp__x__y', {}, workspace)).toBe('mcp__x__y');
  expect(toolTitle('WebFetch', { url: 'u'.repeat(500) }, workspace)).toHaveLength(120);
  expect([toolKind('Edit'), toolKind('mcp__x__y'), toolKind('constructor')]).toEqual(['EDIT', 'OTHER', 'OTHER']);
});

test('a diff is of the whole file, whatever stands in it', () => {
  const edit = { filePath: '/workspace/a', oldString: 'x', newString: '$&$1', originalFile: 'x x' };
  expect(diffOf(edit, workspace)).toEqual({ path: 'a', oldText: 'x x', newText: '$&$1 x' });
  expect(diffOf({ ...edit, replaceAll: true }, workspace)?.newText).toBe('$&$1 $&$1');
  expect(diffOf({ filePath: '/workspace/b', content: 'new', originalFile: null }, workspace)).toEqual({
    path: 'b',
    oldText: null,
    newText: 'new',
  });
  expect(diffOf('Error: no', workspace)).toBeNull();
});

test('plans and exit codes are read from what the tools tell', () => {
  expect(
    planIn({
      todos: [
        { content: 'a', status: 'completed' },
        { content: 'b', status: 'strange' },
      ],
    }),
  ).toEqual([
    { content: 'a', status: 'COMPLETED' },
    { content: 'b', status: 'PENDING' },
  ]);
  expect(planIn({ todos: 'none' })).toBeNull();
  expect([exitCodeIn('Exit code 3\nout'), exitCodeIn('no')]).toEqual([3, null]);
});
