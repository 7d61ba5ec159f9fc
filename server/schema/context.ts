import type { Logger } from 'pino';
import type { BlobStore } from '../../blobs/blobStore.ts';
import type { Follower } from '../../journal/follow.ts';
import type { Journal } from '../../journal/journal.ts';
import type { SecretBox } from '../../journal/secretBox.ts';
import type { Oidc } from '../auth/oidc.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { Database } from '../database.ts';
import type { BlobKeeping } from '../retention/references.ts';
import type { RunChanges } from '../live/runChanges.ts';
import type { Waker } from '../temporal/waker.ts';

/** What the gateway's parts are to a resolver. */
export interface Services {
  readonly database: Database;
  readonly journal: Journal;
  readonly follower: Follower;
  readonly runChanges: RunChanges;
  readonly waker: Waker;
  readonly blobs: BlobStore;
  /** Seals the secrets of environments. */
  readonly secretBox: SecretBox;
  /** What the removal of blobs works on. */
  readonly keeping: BlobKeeping;
  readonly log: Logger;
  /** The address that people open. */
  readonly publicUrl: string;
  /** The provider that people sign in at; null: they sign in by links. */
  readonly oidc: Oidc | null;
}

/** What every resolver has: the gateway's parts and who asks. */
export interface Context extends Services {
  /** On a live socket it is looked up again while the socket lives. */
  readonly viewer: Viewer;
}
