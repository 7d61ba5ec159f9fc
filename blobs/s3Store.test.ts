import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { itIsABlobStore, masterKey, team, text } from '../test/support/blobStoreContract.ts';
import { startGate, type Gate } from '../test/support/gate.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../test/support/temporaryDirectory.ts';
import { startS3, type TestS3 } from '../test/support/versitygw.ts';
import type { BlobStore } from './blobStore.ts';
import { openBlobStore } from './openBlobStore.ts';
import { s3Store } from './s3Store.ts';

let directory: TemporaryDirectory;
let s3: TestS3;
let gate: Gate;
let store: BlobStore;
let prefix: string;

beforeAll(async () => {
  directory = await temporaryDirectory();
  s3 = await startS3(directory.path);
  gate = await startGate(new URL(s3.endpoint).host);
  for (const [name, value] of Object.entries(s3.credentials)) vi.stubEnv(name, value);
}, 900_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await gate.stop();
  await s3.stop();
  await directory.remove();
});
let places = 0;
beforeEach(() => {
  prefix = `place-${++places}/`;
  store = open(masterKey);
});

const open = (key: Buffer) =>
  openBlobStore({ place: `s3://${s3.bucket}/${prefix}?endpoint=http://${gate.address}`, masterKey: key });
const at = (hash: string) => ({ Bucket: s3.bucket, Key: `${prefix}${team}/${hash.slice(0, 2)}/${hash}` });

describe('a store in S3', () => {
  itIsABlobStore({
    get store() {
      return store;
    },
    open,
    read: async (hash) => {
      const { Body } = await s3.client.send(new GetObjectCommand(at(hash)));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    write: async (hash, sealed) => void (await s3.client.send(new PutObjectCommand({ ...at(hash), Body: sealed }))),
  });

  it('sends a large blob in parts, and leaves one object', async () => {
    const content = randomBytes(20_000_000);
    const { hash, storedBytes } = await store.put(team, content);
    expect(storedBytes).toBe(content.length + 32 + 16);
    expect((await store.get(team, hash)).equals(content)).toBe(true);
    expect((await s3.client.send(new HeadObjectCommand(at(hash)))).ETag).toMatch(/-3"$/);
    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: prefix }));
    expect(Contents?.map(({ Key }) => Key)).toEqual([at(hash).Key]);
  });

  it('tries again while the network is away', async () => {
    const { hash } = await store.put(team, text(1_000));
    gate.close();
    const got = store.get(team, hash);
    const put = store.put(team, text(2_000));
    await delay(700);
    gate.open();
    expect((await got).equals(text(1_000))).toBe(true);
    expect((await store.get(team, (await put).hash)).equals(text(2_000))).toBe(true);
  });

  it('marks an old blob as used when its content is put again', async () => {
    const eager = s3Store({
      bucket: s3.bucket,
      prefix,
      region: 'us-east-1',
      endpoint: s3.endpoint,
      masterKey,
      refreshAfterMs: 0,
    });
    const { hash } = await eager.put(team, text(500));
    const before = (await s3.client.send(new HeadObjectCommand(at(hash)))).LastModified;
    await delay(1_100);
    expect((await eager.put(team, text(500))).storedBytes).toBe(0);
    const after = (await s3.client.send(new HeadObjectCommand(at(hash)))).LastModified;
    expect(after?.getTime()).toBeGreaterThan(before?.getTime() ?? 0);
    // It is known as whole still.
    expect((await eager.put(team, text(500))).storedBytes).toBe(0);
  });

  it('says that a bucket is not there', async () => {
    const elsewhere = s3Store({ bucket: 'no-such-bucket', prefix, region: 'us-east-1', endpoint: s3.endpoint, masterKey });
    await expect(elsewhere.check()).rejects.toMatchObject({ name: 'NotFound' });
  });
}, 60_000);
