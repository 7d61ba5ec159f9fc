import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  S3Client,
  paginateListObjectsV2,
  type HeadObjectCommandOutput,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import type { TeamId } from '../domain/ids.ts';
import { blobAddress, teamKeys } from './blobKeys.ts';
import { blobPath } from './blobPath.ts';
import { BlobMissingError, type BlobStore } from './blobStore.ts';
import type { S3Location } from './s3Location.ts';
import { openBlob, sealBlob } from './sealedBlob.ts';

export interface S3StoreOptions extends S3Location {
  /** 32 bytes. Without it nothing in the bucket can be read again. */
  readonly masterKey: Buffer;
  /** Previous master keys: what was stored under them is still read. */
  readonly previousKeys?: readonly Buffer[];
  /**
   * A blob that is put again is sent again, and so counts as new for whoever removes what nobody uses, when it is older
   * than this, in milliseconds; 10 minutes by default. Must be well below the age at which blobs are removed.
   */
  readonly refreshAfterMs?: number;
}

/** Parts of a large blob, in bytes: S3 takes none below 5 MiB. Four are sent at a time. */
const partSize = 8 * 1024 * 1024;
const partsAtOnce = 4;
/** Attempts of each request. */
const attempts = 7;
/** From one attempt to the next, in milliseconds: a quarter of a second and twice as long each time, less up to half of it; 8 to 16 s in all. */
const backoffMs = (attempt: number): number => 250 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
/** Kept beside the object, by which a blob that is whole is told from one that somebody overwrote. */
const digestName = 'baton-sealed';

const isMissing = (error: unknown): boolean => {
  const { name, $metadata } = (error ?? {}) as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === 'NoSuchKey' || (name === 'NotFound' && $metadata?.httpStatusCode === 404);
};

/**
 * A blob store in a bucket of S3, or of what speaks its protocol: `<prefix>/<team>/<first two hex digits>/<address>`, sealed
 * as in a directory. Credentials are found where Amazon's libraries look for them: AWS_ACCESS_KEY_ID, a profile, the machine's
 * role. A request that fails is repeated; one that cannot be mended so comes through as it is.
 */
export function s3Store(options: S3StoreOptions): BlobStore {
  const { bucket, prefix, region, endpoint, masterKey, previousKeys, refreshAfterMs = 600_000 } = options;
  const client = connect({ region, endpoint });
  const keysOf = teamKeys(masterKey, previousKeys);
  const keyOf = (teamId: TeamId, hash: string) => prefix + blobPath(teamId, hash);

  async function head(teamId: TeamId, hash: string): Promise<HeadObjectCommandOutput | null> {
    try {
      return await client.send(new HeadObjectCommand({ Bucket: bucket, Key: keyOf(teamId, hash) }));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Whether the store has the blob, whole, and whether it is due to be marked as used. */
  async function find(teamId: TeamId, hash: string): Promise<'ABSENT' | 'OLD' | 'FRESH'> {
    const found = await head(teamId, hash);
    const [digest, bytes] = found?.Metadata?.[digestName]?.split('/') ?? [];
    if (!found || digest === undefined || Number(bytes) !== found.ContentLength) return 'ABSENT';
    return Date.now() - (found.LastModified?.getTime() ?? 0) >= refreshAfterMs ? 'OLD' : 'FRESH';
  }

  return {
    async put(teamId, content) {
      const keys = keysOf(teamId);
      const hash = blobAddress(keys, content);
      const bytes = content.length;
      const found = await find(teamId, hash);
      if (found === 'FRESH') return { hash, bytes, storedBytes: 0 };
      const sealed = await sealBlob(keys, hash, content);
      const digest = createHash('sha256').update(sealed).digest('hex');
      const params = {
        Bucket: bucket,
        Key: keyOf(teamId, hash),
        Body: sealed,
        ContentType: 'application/octet-stream',
        Metadata: { [digestName]: `${digest}/${sealed.length}` },
      };
      await new Upload({ client, params, partSize, queueSize: partsAtOnce }).done();
      // Sent again is the one way in which all that speak S3 set a new date, for whoever removes what nobody uses.
      return { hash, bytes, storedBytes: found === 'OLD' ? 0 : sealed.length };
    },

    has: async (teamId, hash) => (await head(teamId, hash)) !== null,

    async get(teamId, hash) {
      let sealed: Uint8Array;
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(teamId, hash) }));
        sealed = (await Body?.transformToByteArray()) ?? new Uint8Array();
      } catch (error) {
        if (isMissing(error)) throw new BlobMissingError(hash);
        throw error;
      }
      return openBlob(keysOf(teamId), hash, Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength));
    },

    async delete(teamId, hash) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(teamId, hash) }));
    },

    async deleteUnused(teamId, hash, before) {
      const found = await head(teamId, hash);
      if (!found) return true;
      if (!found.LastModified || found.LastModified >= before) return false;
      // Each sealing of a content differs, so one that is put meanwhile has another tag and stays.
      const IfMatch = found.ETag;
      try {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(teamId, hash), IfMatch }));
        return true;
      } catch (error) {
        if (isMissing(error)) return true;
        if ((error as Partial<S3ServiceException>).$metadata?.httpStatusCode === 412) return false;
        throw error;
      }
    },

    async *list(teamId) {
      const own = keyOf(teamId, '0'.repeat(64)).split('/').slice(0, -2).join('/');
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: `${own}/` })) {
        for (const { Key = '', Size = 0, LastModified } of Contents) {
          const hash = /\/([0-9a-f]{64})$/.exec(Key)?.[1];
          if (hash !== undefined && LastModified) yield { hash, storedBytes: Size, putAt: LastModified };
        }
      }
    },

    async check() {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
    },
  };
}

/** Makes the bucket where it is missing. */
export async function makeBucket(location: S3Location): Promise<void> {
  const client = connect(location);
  const Bucket = location.bucket;
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
  } catch (error) {
    if (!isMissing(error)) throw error;
    await client.send(new CreateBucketCommand({ Bucket })).catch((refusal: Error) => {
      // Another one was faster.
      if (refusal.name !== 'BucketAlreadyOwnedByYou') throw refusal;
    });
  } finally {
    client.destroy();
  }
}

function connect({ region, endpoint }: Pick<S3Location, 'region' | 'endpoint'>): S3Client {
  return new S3Client({
    region,
    ...(endpoint !== null && { endpoint, forcePathStyle: true }),
    // The client's own strategy may wait for next to nothing each time, and give up within half a second.
    retryStrategy: new ConfiguredRetryStrategy(attempts, backoffMs),
    // Every blob is authenticated by its seal; not all that speak S3 know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: 60_000,
      httpsAgent: { maxSockets: 50 },
      httpAgent: { maxSockets: 50 },
    },
  });
}
