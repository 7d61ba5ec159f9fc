import { describe, expect, it } from 'vitest';
import { complaints } from './gitComplaints.ts';

describe('what git says that it could not read', () => {
  it.each([
    ["warning: could not open directory 'a/b/': Permission denied", 'a/b'],
    ["warning: could not open directory 'it's/': Permission denied", "it's"],
    ["warning: unable to access 'x/.gitignore': Permission denied", 'x/.gitignore'],
    ['src/file.txt: Permission denied', 'src/file.txt'],
    ["warning: could not open directory 'deep/': File name too long", 'deep'],
  ])('%s', (line, path) => {
    expect(complaints(`warning: something else\n${line}\n`)).toEqual([
      expect.objectContaining({ path, status: 'FAILED', reason: 'UNREADABLE' }),
    ]);
  });

  it('is nothing when it says nothing of that kind', () => {
    expect(complaints('')).toEqual([]);
    expect(complaints('warning: in the working copy of a.txt, CRLF will be replaced by LF\n')).toEqual([]);
  });
});
