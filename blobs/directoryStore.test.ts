import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TeamId } from '../domain/ids.ts';
import { BlobCorruptError, BlobMissingError, type BlobStore } from './blobStore.ts';
import { directoryStore } from './directoryStore.ts';

const team = 'team_01h455vb4pex5vsknk084sn02q' as TeamId;
const otherTeam = 'team_01h455vb4pex5vsknk084sn02r' as TeamId;
const masterKey = Buffer.alloc(32, 7);

let directory: string;
let store: BlobStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-blobs-'));
  store = directoryStore({ directory, masterKey });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const fileOf = (hash: string, teamId = team) => join(directory, teamId, hash.slice(0, 2), hash);
const text = (length: number) =>
  Buffer.from('the quick brown fox jumps over the lazy dog\n'.repeat(Math.ceil(length / 44))).subarray(0, length);

describe('a directory store', () => {
  it('gives back any content as it was put', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), async (content) => {
        const { hash, bytes } = await store.put(team, content);
        expect(bytes).toBe(content.length);
        expect(Buffer.compare(await store.get(team, hash), content)).toBe(0);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('takes megabytes, of text and of noise', async () => {
    for (const content of [text(3_000_000), randomBytes(3_000_000), Buffer.concat([randomBytes(1_000_000), text(2_000_000)])]) {
      const { hash } = await store.put(team, content);
      expect((await store.get(team, hash)).equals(content)).toBe(true);
    }
  });

  it('compresses text, and stores noise at its size', async () => {
    const compressed = await store.put(team, text(1_000_000));
    expect(compressed.storedBytes).toBeLessThan(50_000);
    const noise = randomBytes(1_000_000);
    const stored = await store.put(team, noise);
    expect(stored.storedBytes).toBe(1_000_000 + 32 + 16);
  });

  it('stores equal content of a team once', async () => {
    const first = await store.put(team, text(10_000));
    const second = await store.put(team, text(10_000));
    expect(second).toEqual({ ...first, storedBytes: 0 });
    expect(first.storedBytes).toBeGreaterThan(0);
  });

  it('keeps the teams apart: other addresses, other bytes, no reading across', async () => {
    const content = text(1000);
    const mine = await store.put(team, content);
    const theirs = await store.put(otherTeam, content);
    expect(theirs.hash).not.toBe(mine.hash);
    expect(theirs.storedBytes).toBeGreaterThan(0);
    await expect(store.get(otherTeam, mine.hash)).rejects.toThrow(BlobMissingError);
    await expect(store.has(otherTeam, mine.hash)).resolves.toBe(false);
  });

  it('has addresses and files that tell nothing of the content to one without the key', async () => {
    const content = Buffer.from('a secret that must not lie on disk'.repeat(20));
    const { hash } = await store.put(team, content);
    expect(hash).not.toBe(createHash('sha256').update(content).digest('hex'));
    expect((await readFile(fileOf(hash))).includes('secret')).toBe(false);
    expect((await stat(fileOf(hash))).mode & 0o777).toBe(0o600);
  });

  it('says that a blob is missing, before and after it is deleted', async () => {
    const { hash } = await store.put(team, text(10));
    await expect(store.has(team, hash)).resolves.toBe(true);
    await store.delete(team, hash);
    await store.delete(team, hash);
    await expect(store.has(team, hash)).resolves.toBe(false);
    await expect(store.get(team, hash)).rejects.toThrow(BlobMissingError);
    await expect(store.get(team, 'f'.repeat(64))).rejects.toThrow(BlobMissingError);
  });

  it('notices a change to any single byte', async () => {
    const { hash } = await store.put(team, text(300));
    const sealed = await readFile(fileOf(hash));
    for (let at = 0; at < sealed.length; at++) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await writeFile(fileOf(hash), altered);
      await expect(store.get(team, hash)).rejects.toThrow(BlobCorruptError);
    }
  });

  it('notices a blob that was cut short, wherever', async () => {
    const { hash } = await store.put(team, text(300));
    const { size } = await stat(fileOf(hash));
    for (let length = size - 1; length >= 0; length -= 7) {
      await truncate(fileOf(hash), length);
      await expect(store.get(team, hash)).rejects.toThrow(BlobCorruptError);
    }
  });

  it('notices a blob that lies under the address of another', async () => {
    const one = await store.put(team, text(100));
    const two = await store.put(team, text(200));
    await writeFile(fileOf(one.hash), await readFile(fileOf(two.hash)));
    await expect(store.get(team, one.hash)).rejects.toThrow(BlobCorruptError);
  });

  it('says so when the master key is another one', async () => {
    const { hash } = await store.put(team, text(100));
    const other = directoryStore({ directory, masterKey: Buffer.alloc(32, 8) });
    await expect(other.get(team, hash)).rejects.toThrow('another master key');
  });

  it('mends a corrupt blob when its content is put again', async () => {
    const { hash } = await store.put(team, text(500));
    await truncate(fileOf(hash), 40);
    expect((await store.put(team, text(500))).storedBytes).toBeGreaterThan(0);
    expect((await store.get(team, hash)).equals(text(500))).toBe(true);
  });

  it('marks a blob as used when its content is put again', async () => {
    const { hash } = await store.put(team, text(500));
    await utimes(fileOf(hash), 1000, 1000);
    await store.put(team, text(500));
    expect((await stat(fileOf(hash))).mtimeMs).toBeGreaterThan(1_000_000);
  });

  it('takes the same content from many writers at once and leaves no temporary file', async () => {
    const content = randomBytes(200_000);
    const stores = Array.from({ length: 4 }, () => directoryStore({ directory, masterKey }));
    const puts = await Promise.all(Array.from({ length: 20 }, (_, n) => (stores[n % 4] ?? store).put(team, content)));
    const hash = puts[0]?.hash ?? '';
    expect(new Set(puts.map((put) => put.hash)).size).toBe(1);
    expect((await store.get(team, hash)).equals(content)).toBe(true);
    expect(await readdir(join(directory, team, hash.slice(0, 2)))).toEqual([hash]);
  });

  it('lets errors of the disk through, and leaves nothing half written', async () => {
    await writeFile(join(directory, team), 'in the way of the team’s directory');
    await expect(store.put(team, text(10))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('refuses ids and addresses that could lead out of its directory', async () => {
    await expect(store.get(team, '../../../etc/passwd')).rejects.toThrow(RangeError);
    await expect(store.put('../elsewhere' as TeamId, text(10))).rejects.toThrow(RangeError);
    await expect(directoryStore({ directory, masterKey: Buffer.alloc(16) }).put(team, text(10))).rejects.toThrow('not 32');
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

  it('lists a team’s blobs with size and time, and no other team’s', async () => {
    const { hash, storedBytes } = await store.put(team, text(5_000));
    await store.put(otherTeam, text(5_000));
    const listed = [];
    for await (const blob of store.list(team)) listed.push(blob);
    expect(listed).toEqual([{ hash, storedBytes, putAt: expect.any(Date) }]);
    for await (const _ of store.list('team_01h455vb4pex5vsknk084sn02s' as TeamId)) throw new Error('it lists what is not there');
  });
});
