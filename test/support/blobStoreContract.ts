import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BlobCorruptError, BlobMissingError, type BlobStore } from '../../blobs/blobStore.ts';
import type { TeamId } from '../../domain/ids.ts';

export const team = 'team_01h455vb4pex5vsknk084sn02q' as TeamId;
export const otherTeam = 'team_01h455vb4pex5vsknk084sn02r' as TeamId;
export const masterKey = Buffer.alloc(32, 7);

export const text = (length: number) =>
  Buffer.from('the quick brown fox jumps over the lazy dog\n'.repeat(Math.ceil(length / 44))).subarray(0, length);

/** A store, and a way to what lies in it that goes around it. */
export interface BlobLab {
  readonly store: BlobStore;
  /** The same place under another master key. */
  open(masterKey: Buffer): BlobStore;
  /** The sealed bytes of a blob of `team`. */
  read(hash: string): Promise<Buffer>;
  write(hash: string, sealed: Uint8Array): Promise<void>;
}

/** What every blob store does, of whatever kind; `lab.store` is open and empty when a test begins. */
export function itIsABlobStore(lab: BlobLab): void {
  it('gives back any content as it was put', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), async (content) => {
        const { hash, bytes } = await lab.store.put(team, content);
        expect(bytes).toBe(content.length);
        expect(Buffer.compare(await lab.store.get(team, hash), content)).toBe(0);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('takes megabytes, of text and of noise', async () => {
    for (const content of [text(3_000_000), randomBytes(3_000_000), Buffer.concat([randomBytes(1_000_000), text(2_000_000)])]) {
      const { hash } = await lab.store.put(team, content);
      expect((await lab.store.get(team, hash)).equals(content)).toBe(true);
    }
  });

  it('compresses text, and stores noise at its size', async () => {
    const compressed = await lab.store.put(team, text(1_000_000));
    expect(compressed.storedBytes).toBeLessThan(50_000);
    const noise = randomBytes(1_000_000);
    const stored = await lab.store.put(team, noise);
    expect(stored.storedBytes).toBe(1_000_000 + 32 + 16);
  });

  it('stores equal content of a team once', async () => {
    const first = await lab.store.put(team, text(10_000));
    const second = await lab.store.put(team, text(10_000));
    expect(second).toEqual({ ...first, storedBytes: 0 });
    expect(first.storedBytes).toBeGreaterThan(0);
  });

  it('keeps the teams apart: other addresses, other bytes, no reading across', async () => {
    const content = text(1000);
    const mine = await lab.store.put(team, content);
    const theirs = await lab.store.put(otherTeam, content);
    expect(theirs.hash).not.toBe(mine.hash);
    expect(theirs.storedBytes).toBeGreaterThan(0);
    await expect(lab.store.get(otherTeam, mine.hash)).rejects.toThrow(BlobMissingError);
    await expect(lab.store.has(otherTeam, mine.hash)).resolves.toBe(false);
  });

  it('says that a blob is missing, before and after it is deleted', async () => {
    const { hash } = await lab.store.put(team, text(10));
    await expect(lab.store.has(team, hash)).resolves.toBe(true);
    await lab.store.delete(team, hash);
    await lab.store.delete(team, hash);
    await expect(lab.store.has(team, hash)).resolves.toBe(false);
    await expect(lab.store.get(team, hash)).rejects.toThrow(BlobMissingError);
    await expect(lab.store.get(team, 'f'.repeat(64))).rejects.toThrow(BlobMissingError);
  });

  it('notices a change to any single byte', async () => {
    const { hash } = await lab.store.put(team, text(300));
    const sealed = await lab.read(hash);
    for (let at = 0; at < sealed.length; at++) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await lab.write(hash, altered);
      await expect(lab.store.get(team, hash)).rejects.toThrow(BlobCorruptError);
    }
  });

  it('notices a blob that was cut short, wherever', async () => {
    const { hash } = await lab.store.put(team, text(300));
    const sealed = await lab.read(hash);
    for (let length = sealed.length - 1; length >= 0; length -= 7) {
      await lab.write(hash, sealed.subarray(0, length));
      await expect(lab.store.get(team, hash)).rejects.toThrow(BlobCorruptError);
    }
  });

  it('notices a blob that lies under the address of another', async () => {
    const one = await lab.store.put(team, text(100));
    const two = await lab.store.put(team, text(200));
    await lab.write(one.hash, await lab.read(two.hash));
    await expect(lab.store.get(team, one.hash)).rejects.toThrow(BlobCorruptError);
  });

  it('says so when the master key is another one', async () => {
    const { hash } = await lab.store.put(team, text(100));
    const other = lab.open(Buffer.alloc(32, 8));
    await expect(other.get(team, hash)).rejects.toThrow('another master key');
  });

  it('mends a corrupt blob when its content is put again', async () => {
    const { hash } = await lab.store.put(team, text(500));
    await lab.write(hash, (await lab.read(hash)).subarray(0, 40));
    expect((await lab.store.put(team, text(500))).storedBytes).toBeGreaterThan(0);
    expect((await lab.store.get(team, hash)).equals(text(500))).toBe(true);
  });

  it('has addresses and contents that tell nothing of the content to one without the key', async () => {
    const content = Buffer.from('a secret that must not lie on disk'.repeat(20));
    const { hash } = await lab.store.put(team, content);
    expect(hash).not.toBe(createHash('sha256').update(content).digest('hex'));
    expect((await lab.read(hash)).includes('secret')).toBe(false);
  });

  it('takes the same content from many writers at once', async () => {
    const content = randomBytes(200_000);
    const stores = Array.from({ length: 4 }, () => lab.open(masterKey));
    const puts = await Promise.all(Array.from({ length: 20 }, (_, n) => (stores[n % 4] ?? lab.store).put(team, content)));
    expect(new Set(puts.map((put) => put.hash)).size).toBe(1);
    expect((await lab.store.get(team, puts[0]?.hash ?? '')).equals(content)).toBe(true);
  });

  it('refuses ids and addresses that could lead out of its place', async () => {
    await expect(lab.store.get(team, '../../../etc/passwd')).rejects.toThrow(RangeError);
    await expect(lab.store.put('../elsewhere' as TeamId, text(10))).rejects.toThrow(RangeError);
    await expect(lab.open(Buffer.alloc(16)).put(team, text(10))).rejects.toThrow('not 32');
  });

  it('lists a team’s blobs, and removes those alone that were put before a moment', async () => {
    const { hash, storedBytes } = await lab.store.put(team, text(300));
    await lab.store.put(otherTeam, text(300));
    const listed = [];
    for await (const blob of lab.store.list(team)) listed.push(blob);
    expect(listed).toEqual([{ hash, storedBytes, putAt: expect.any(Date) }]);
    expect(await lab.store.deleteUnused(team, hash, new Date(Date.now() - 60_000))).toBe(false);
    expect(await lab.store.deleteUnused(team, hash, new Date(Date.now() + 60_000))).toBe(true);
    expect(await lab.store.deleteUnused(team, hash, new Date())).toBe(true);
    await expect(lab.store.has(team, hash)).resolves.toBe(false);
  });

  it('says that it can be reached', async () => {
    await lab.store.check();
  });
}
