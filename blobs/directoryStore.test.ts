import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { itIsABlobStore, masterKey, team, text } from '../test/support/blobStoreContract.ts';
import type { BlobStore } from './blobStore.ts';
import { directoryStore } from './directoryStore.ts';

let directory: string;
let store: BlobStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-blobs-'));
  store = directoryStore({ directory, masterKey });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const fileOf = (hash: string) => join(directory, team, hash.slice(0, 2), hash);

describe('a directory store', () => {
  itIsABlobStore({
    get store() {
      return store;
    },
    open: (key) => directoryStore({ directory, masterKey: key }),
    read: (hash) => readFile(fileOf(hash)),
    write: (hash, sealed) => writeFile(fileOf(hash), sealed),
  });

  it('has files that only its user may read', async () => {
    const { hash } = await store.put(team, text(100));
    expect((await stat(fileOf(hash))).mode & 0o777).toBe(0o600);
  });

  it('marks a blob as used when its content is put again', async () => {
    const { hash } = await store.put(team, text(500));
    await utimes(fileOf(hash), 1000, 1000);
    await store.put(team, text(500));
    expect((await stat(fileOf(hash))).mtimeMs).toBeGreaterThan(1_000_000);
  });

  it('leaves no temporary file behind many writers', async () => {
    const content = randomBytes(200_000);
    const puts = await Promise.all(Array.from({ length: 20 }, () => directoryStore({ directory, masterKey }).put(team, content)));
    const hash = puts[0]?.hash ?? '';
    expect(await readdir(join(directory, team, hash.slice(0, 2)))).toEqual([hash]);
  });

  it('lets errors of the disk through, and leaves nothing half written', async () => {
    await writeFile(join(directory, team), 'in the way of the team’s directory');
    await expect(store.put(team, text(10))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
