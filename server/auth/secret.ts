import { createHash, randomBytes } from 'node:crypto';

/** A new secret: 256 random bits, with a prefix that names its use so that a leaked one is recognised. */
export function newSecret(prefix: 'baton_token' | 'baton_signin' | 'baton_link' | 'baton_attempt'): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a secret. It has 256 bits of its own, so a plain digest needs neither salt nor stretching. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}
