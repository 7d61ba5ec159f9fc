import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Beneath, readWhole, ThroughSymlinkError } from './beneath.ts';

let root: string;
let inside: string;
let outside: string;
let files: Beneath;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'baton-beneath-')));
  inside = join(root, 'inside');
  outside = join(root, 'outside');
  mkdirSync(join(inside, 'folder'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(inside, 'folder/file'), 'inside');
  writeFileSync(join(outside, 'file'), 'secret');
  files = new Beneath(inside);
});
afterEach(() => {
  files.close();
  rmSync(root, { recursive: true, force: true });
});

const read = (path: string): string | null => files.readSmall(path, 1000)?.toString() ?? null;

describe('files beneath a directory', () => {
  it('are read, listed and told apart', () => {
    symlinkSync('folder', join(inside, 'link'));
    expect(read('folder/file')).toBe('inside');
    expect(files.stat('folder')?.isDirectory()).toBe(true);
    expect(files.stat('nothing/at/all')).toBeNull();
    expect(
      files
        .list('')
        ?.map(({ name, isDirectory, isSymbolicLink }) => [name, isDirectory, isSymbolicLink])
        .toSorted(),
    ).toEqual([
      ['folder', true, false],
      ['link', false, true],
    ]);
    expect(files.list('folder/file')).toBeNull();
    expect(files.readlink('link').toString()).toBe('folder');
  });

  it('are not read through a link, at the end of the path or on the way', () => {
    symlinkSync(join(outside, 'file'), join(inside, 'to-file'));
    symlinkSync(outside, join(inside, 'to-folder'));
    expect(read('to-file')).toBeNull();
    expect(read('to-folder/file')).toBeNull();
    expect(files.stat('to-folder/file')).toBeNull();
    expect(files.list('to-folder')).toBeNull();
  });

  it('are not written or removed through a link', () => {
    symlinkSync(outside, join(inside, 'to-folder'));
    symlinkSync(join(outside, 'file'), join(inside, 'to-file'));
    expect(() => files.createFile('to-folder/new', 0o644)).toThrow(ThroughSymlinkError);
    expect(() => files.createFile('to-file', 0o644)).toThrow('EEXIST');
    expect(() => files.makeDirectories('to-folder/new')).toThrow('EEXIST');
    expect(() => files.makeSymlink('to-folder/new', Buffer.from('x'))).toThrow(ThroughSymlinkError);
    expect(() => files.rename('folder/file', 'to-folder/file')).toThrow(ThroughSymlinkError);
    expect(files.remove('to-folder/file')).toBe(false);
    files.remove('to-folder');
    files.remove('to-file');
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('secret');
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });

  it('stay where they are when a folder is swapped for a link between two calls', () => {
    expect(read('folder/file')).toBe('inside');
    renameSync(join(inside, 'folder'), join(inside, 'moved'));
    symlinkSync(outside, join(inside, 'folder'));
    expect(read('folder/file')).not.toBe('secret');
    const fresh = new Beneath(inside);
    expect(fresh.readSmall('folder/file', 1000)).toBeNull();
    fresh.close();
  });

  it('are not found when the directory itself is a link', () => {
    symlinkSync(outside, join(root, 'link'));
    const linked = new Beneath(join(root, 'link'));
    expect(linked.readSmall('file', 1000)).toBeNull();
    linked.close();
  });

  it.each(['..', '../outside/file', 'folder/../../outside/file', '.', 'folder/..', 'folder/'])(
    'have plain paths, not %j',
    (path) => {
      expect(() => files.remove(path)).toThrow(RangeError);
    },
  );

  it('that are FIFOs or sockets are not waited for', () => {
    execFileSync('mkfifo', [join(inside, 'fifo')]);
    expect(files.openFile('fifo')).toBeNull();
    expect(read('fifo')).toBeNull();
  });

  it('are removed with all that is in them, also where a folder forbids it', () => {
    mkdirSync(join(inside, 'folder/deep/er'), { recursive: true, mode: 0o700 });
    writeFileSync(join(inside, 'folder/deep/er/file'), '');
    execFileSync('chmod', ['-R', 'a-w', join(inside, 'folder/deep')]);
    expect(files.remove('folder')).toBe(true);
    expect(files.remove('folder')).toBe(false);
    expect(existsSync(join(inside, 'folder'))).toBe(false);
  });

  it('take in a file of ours, and keep one that is there', () => {
    writeFileSync(join(outside, 'new'), 'new');
    files.takeIn(join(outside, 'new'), 'folder/new');
    expect(read('folder/new')).toBe('new');
    files.takeIn(join(outside, 'file'), 'folder/new');
    expect(read('folder/new')).toBe('new');
    expect(existsSync(join(outside, 'file'))).toBe(false);
  });

  it('keep times to the microsecond', () => {
    for (const time of [1, 1_700_000_000_123_457, 1_754_049_000_000_001, 1_754_049_000_999_999, -1_500_000]) {
      files.setMtime('folder/file', time);
      expect(files.stat('folder/file')?.mtimeNs).toBe(BigInt(time) * 1000n);
    }
  });

  it('can be many more than are held open', () => {
    for (let n = 0; n < 300; n++) {
      files.makeDirectories(`many/${n}/deep`);
      closeSync(files.createFile(`many/${n}/deep/file`, 0o600));
    }
    expect(files.list('many')?.length).toBe(300);
    files.remove('many');
    expect(files.list('many')).toBeNull();
  });

  it('are read up to a length, or less when they are shorter', () => {
    const file = files.openFile('folder/file');
    if (!file) throw new Error('the file is there');
    expect(readWhole(file.fd, 3).toString()).toBe('ins');
    expect(readWhole(file.fd, 100).toString()).toBe('inside');
    closeSync(file.fd);
  });
});
