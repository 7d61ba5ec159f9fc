import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { itIsABlobStore, masterKey, otherTeam, team, text } from '../test/support/blobStoreContract.ts';
import type { TeamId } from '../domain/ids.ts';
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

describe('a directory store, when what nobody uses is removed', () => {
  const ago = (ms: number) => new Date(Date.now() - ms);
  const makeOld = (hash: string) => utimes(fileOf(hash), ago(60_000), ago(60_000));

  it('removes what was put before a moment, and keeps what was put, or put again, since', async () => {
    const [old, young, again] = await Promise.all(['old', 'young', 'again'].map((word) => store.put(team, Buffer.from(word))));
    if (!old || !young || !again) throw new Error('nothing was put');
    await makeOld(old.hash);
    await makeOld(again.hash);
    await store.put(team, Buffer.from('again'));
    const before = ago(30_000);
    expect(await store.deleteUnused(team, old.hash, before)).toBe(true);
    expect(await store.deleteUnused(team, old.hash, before)).toBe(true);
    expect(await store.deleteUnused(team, young.hash, before)).toBe(false);
    expect(await store.deleteUnused(team, again.hash, before)).toBe(false);
    expect(await store.has(team, old.hash)).toBe(false);
    expect((await store.get(team, again.hash)).toString()).toBe('again');
  });

  it('loses nothing that is put while it is removed', async () => {
    for (let round = 0; round < 60; round += 1) {
      const content = Buffer.from(`content ${round}`);
      const { hash } = await store.put(team, content);
      await makeOld(hash);
      await Promise.all([store.deleteUnused(team, hash, ago(30_000)), store.put(team, content)]);
      expect((await store.get(team, hash)).equals(content)).toBe(true);
    }
  });

  it('finds again what a removal that was broken off had taken aside', async () => {
    const { hash } = await store.put(team, Buffer.from('aside'));
    const folder = join(directory, team, hash.slice(0, 2));
    await rename(join(folder, hash), join(folder, `.${hash}.0123.gone`));
    for await (const _ of store.list(team)) break;
    for await (const _ of store.list(team));
    expect((await store.get(team, hash)).toString()).toBe('aside');
    expect(await readdir(folder)).toEqual([hash]);
  });

  it('removes what a writer that was killed left behind, and nothing that is being written', async () => {
    const { hash } = await store.put(team, Buffer.from('whole'));
    const folder = join(directory, team, hash.slice(0, 2));
    await Promise.all(['.0123.tmp', '.4567.tmp'].map((name) => writeFile(join(folder, name), 'half')));
    await utimes(join(folder, '.0123.tmp'), ago(2 * 60 * 60_000), ago(2 * 60 * 60_000));
    for await (const _ of store.list(team));
    expect((await readdir(folder)).toSorted()).toEqual(['.4567.tmp', hash]);
  });

  it('lists a team’s blobs with size and time, and no other team’s', async () => {
    const { hash, storedBytes } = await store.put(team, text(5_000));
    await store.put(otherTeam, text(5_000));
    const listed = [];
    for await (const blob of store.list(team)) listed.push(blob);
    expect(listed).toEqual([{ hash, storedBytes, putAt: expect.any(Date) }]);
    for await (const _ of store.list('team_01h455vb4pex5vsknk084sn02s' as TeamId)) throw new Error('it lists what is not there');
  });
});

it('reads what was put under a previous master key, and puts under the present one', async () => {
  const { hash } = await store.put(team, text(1_000));
  const next = Buffer.alloc(32, 9);
  const both = directoryStore({ directory, masterKey: next, previousKeys: [Buffer.alloc(32, 8), masterKey] });
  expect((await both.get(team, hash)).equals(text(1_000))).toBe(true);
  const again = await both.put(team, text(1_000));
  expect(again.hash).not.toBe(hash);
  expect((await directoryStore({ directory, masterKey: next }).get(team, again.hash)).equals(text(1_000))).toBe(true);
});
