import type { TeamId } from '../domain/ids.ts';

/** Where in a store a blob lies. Throws a RangeError for ids and addresses that could lead elsewhere. */
export function blobPath(teamId: TeamId, hash: string): string {
  if (!/^[a-z]+_[0-9a-z]+$/.test(teamId)) throw new RangeError(`not a team's id: ${teamId}`);
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new RangeError(`not a blob's address: ${hash}`);
  return `${teamId}/${hash.slice(0, 2)}/${hash}`;
}
