import { createHmac, hkdfSync } from 'node:crypto';
import type { TeamId } from '../domain/ids.ts';

/** The keys of one team, derived from the master key: no team's keys tell anything of another's. */
export interface BlobKeys {
  /** Content is encrypted under it, with AES-256-GCM. */
  readonly encryption: Buffer;
  /** Addresses are made with it: without it, an address does not tell whether some content is stored. */
  readonly address: Buffer;
  /** Names the master key in a blob's header, four bytes that tell nothing of it. */
  readonly id: Buffer;
  /** Those under previous master keys, by which what was stored then is still read. */
  readonly previous: readonly BlobKeys[];
}

const derive = (masterKey: Buffer, info: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), info, bytes));

/** Derives a team's keys by HKDF-SHA256 (RFC 5869). Each master key has 32 bytes. */
function blobKeys(masterKey: Buffer, previousKeys: readonly Buffer[], teamId: TeamId): BlobKeys {
  if (masterKey.length !== 32) throw new RangeError(`the master key has ${masterKey.length} bytes, not 32`);
  return {
    encryption: derive(masterKey, `baton/blobs/1/encryption/${teamId}`, 32),
    address: derive(masterKey, `baton/blobs/1/address/${teamId}`, 32),
    id: derive(masterKey, 'baton/blobs/1/key-id', 4),
    previous: previousKeys.map((previous) => blobKeys(previous, [], teamId)),
  };
}

/** The content's address in its team's space: HMAC-SHA256 in hex. */
export function blobAddress(keys: BlobKeys, content: Uint8Array): string {
  return createHmac('sha256', keys.address).update(content).digest('hex');
}

/** Derives each team's keys once. */
export function teamKeys(masterKey: Buffer, previousKeys: readonly Buffer[] = []): (teamId: TeamId) => BlobKeys {
  const keysByTeam = new Map<TeamId, BlobKeys>();
  return (teamId) => {
    let keys = keysByTeam.get(teamId);
    if (!keys) keysByTeam.set(teamId, (keys = blobKeys(masterKey, previousKeys, teamId)));
    return keys;
  };
}
