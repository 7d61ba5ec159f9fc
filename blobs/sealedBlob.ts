import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { BlobCorruptError } from './blobStore.ts';
import { blobAddress, type BlobKeys } from './blobKeys.ts';
import { compress, decompress } from './compression.ts';

/**
 * A blob as it lies in a store, of whatever kind: a header of 32 bytes, the compressed content encrypted with
 * AES-256-GCM, and the 16 bytes of its tag. Header and address are authenticated with the content.
 *
 *     0  4  "BATB"
 *     4  1  format version, 1
 *     5  1  codec (compression.ts)
 *     6  2  zero
 *     8  4  id of the master key
 *    12  8  length of the content before compression, big-endian
 *    20 12  nonce
 */
const magic = Buffer.from('BATB');
const version = 1;
const headerBytes = 32;
const nonceAt = 20;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

/** Compresses and encrypts content for the address it has. */
export async function sealBlob(keys: BlobKeys, hash: string, content: Uint8Array): Promise<Buffer> {
  const { codec, bytes } = await compress(content);
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt8(version, 4);
  header.writeUInt8(codec, 5);
  keys.id.copy(header, 8);
  header.writeBigUInt64BE(BigInt(content.length), 12);
  randomBytes(headerBytes - nonceAt).copy(header, nonceAt);
  const cipher = createCipheriv(algorithm, keys.encryption, header.subarray(nonceAt));
  cipher.setAAD(Buffer.concat([header, Buffer.from(hash)]));
  return Buffer.concat([header, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(keys: BlobKeys, hash: string, sealed: Buffer): Buffer {
  const header = sealed.subarray(0, headerBytes);
  const decipher = createDecipheriv(algorithm, keys.encryption, header.subarray(nonceAt));
  decipher.setAAD(Buffer.concat([header, Buffer.from(hash)]));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(headerBytes, -tagBytes)), decipher.final()]);
}

/** The content of a sealed blob. Throws BlobCorruptError when it was altered, cut short or belongs to another address. */
export async function openBlob(ofTeam: BlobKeys, hash: string, sealed: Buffer): Promise<Buffer> {
  const corrupt = (why: string, cause?: unknown): never => {
    throw new BlobCorruptError(hash, why, { cause });
  };
  if (sealed.length < headerBytes + tagBytes) return corrupt(`it has ${sealed.length} bytes, too few for a blob`);
  if (!sealed.subarray(0, magic.length).equals(magic)) return corrupt('it does not begin like a blob');
  const found = sealed.readUInt8(4);
  if (found !== version) return corrupt(`it has format version ${found}, this program reads version ${version}`);
  const keys = [ofTeam, ...ofTeam.previous].find(({ id }) => sealed.subarray(8, 12).equals(id));
  if (!keys) return corrupt('it was encrypted under another master key');
  let compressed: Buffer;
  try {
    compressed = decrypt(keys, hash, sealed);
  } catch (error) {
    return corrupt('it was altered or cut short', error);
  }
  const length = Number(sealed.readBigUInt64BE(12));
  let content: Buffer;
  try {
    content = await decompress(sealed.readUInt8(5), compressed, length);
  } catch (error) {
    return corrupt(error instanceof Error ? error.message : String(error), error);
  }
  if (content.length !== length || blobAddress(keys, content) !== hash) return corrupt('its content does not match its address');
  return content;
}
