import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { EnvironmentId } from '../domain/ids.ts';

/** A secret as the database has it. */
export interface SealedSecret {
  /** With the 16 bytes of its tag at the end. */
  readonly ciphertext: Buffer;
  readonly nonce: Buffer;
  /** Names the master key. */
  readonly keyId: Buffer;
}

/** Whose a secret is: authenticated with it, so that none can be moved to another environment or name. */
export interface SecretPlace {
  readonly environmentId: EnvironmentId;
  readonly name: string;
}

/** Seals and opens secrets. */
export interface SecretBox {
  /** Of the key that is sealed under. */
  readonly keyId: Buffer;
  seal(place: SecretPlace, value: string): SealedSecret;
  /** Null when it was sealed under a key that is not here, for another place, or was altered. */
  open(place: SecretPlace, sealed: SealedSecret): string | null;
  /** What stands for a value where its digest is kept: without the key it tells nothing of it. */
  digest(value: string): string;
}

const algorithm = 'aes-256-gcm';
const tagBytes = 16;
const nonceBytes = 12;

const derive = (masterKey: Buffer, purpose: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `baton/secrets/1/${purpose}`, bytes));

const boundTo = ({ environmentId, name }: SecretPlace): Buffer => Buffer.from(`${environmentId}\0${name}`);

/**
 * A box under keys derived from the master key by HKDF-SHA256 (RFC 5869), apart from those of blobs: AES-256-GCM, a
 * random nonce each time. It also opens what was sealed under the previous master keys. Each has 32 bytes.
 */
export function secretBox(masterKey: Buffer, previousKeys: readonly Buffer[] = []): SecretBox {
  const keys = [masterKey, ...previousKeys].map((key) => {
    if (key.length !== 32) throw new RangeError(`a master key has ${key.length} bytes, not 32`);
    return { encryption: derive(key, 'encryption', 32), id: derive(key, 'key-id', 4), digest: derive(key, 'digest', 32) };
  });
  const [current] = keys as [(typeof keys)[number]];
  return {
    keyId: current.id,
    seal(place, value) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, current.encryption, nonce).setAAD(boundTo(place));
      const ciphertext = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return { ciphertext, nonce, keyId: current.id };
    },
    open(place, { ciphertext, nonce, keyId }) {
      const key = keys.find(({ id }) => id.equals(keyId));
      if (!key || nonce.length !== nonceBytes || ciphertext.length < tagBytes) return null;
      try {
        const decipher = createDecipheriv(algorithm, key.encryption, nonce).setAAD(boundTo(place));
        decipher.setAuthTag(ciphertext.subarray(-tagBytes));
        return Buffer.concat([decipher.update(ciphertext.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
    digest: (value) => createHmac('sha256', current.digest).update(value).digest('hex'),
  };
}
