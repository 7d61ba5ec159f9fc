import type { Refusal } from './refusal.ts';

/** What a team may have at most; null: as much as there is. */
export interface Quotas {
  /** Runs that are queued, in progress, or blocked with a session that stays live. */
  readonly runningSessions: number | null;
  /** Bytes of snapshots, as stored. */
  readonly storageBytes: number | null;
}

export const noQuotas: Quotas = { runningSessions: null, storageBytes: null };

export const quotaKinds = ['RUNNING_SESSIONS', 'STORAGE_BYTES'] as const;
export type QuotaKind = (typeof quotaKinds)[number];

/** How much of something a team has, and how much it may have; null: as much as there is. */
export interface QuotaUse {
  readonly kind: QuotaKind;
  readonly used: number;
  readonly limit: number | null;
}

const messages: Record<QuotaKind, (used: number, limit: number) => string> = {
  RUNNING_SESSIONS: (used, limit) =>
    `The team has ${used} runs queued or in progress, and may have ${limit} at once. Wait for one to end, or cancel one.`,
  STORAGE_BYTES: (used, limit) =>
    `The team’s snapshots take ${used} bytes of the ${limit} it may store. Delete runs that are not needed any more.`,
};

/** Why a team may not have one session more, or null. */
export function refuseQuota(quota: QuotaKind, used: number, limit: number | null): Refusal | null {
  if (limit === null || used < limit) return null;
  return { kind: 'QUOTA_EXCEEDED', quota, used, limit, message: messages[quota](used, limit) };
}
