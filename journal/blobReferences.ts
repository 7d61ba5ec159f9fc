import type { RunId, TeamId } from '../domain/ids.ts';
import type { Journal } from './journal.ts';

/** Addresses that the team's snapshots name, and what is known of the manifests among them. */
const live = `
  SELECT DISTINCT s.summary->'manifest'->>'hash' AS manifest, s.summary->'patch'->>'hash' AS patch,
    s.summary->'conversation'->'blob'->>'hash' AS conversation, s."runId"
  FROM "Snapshot" s JOIN "Run" r ON r.id = s."runId" WHERE r."teamId" = $1`;

/** Manifests of the team's snapshots of which it is not known yet what they refer to, each with a run that it is of. */
export async function unreadManifests(
  journal: Journal,
  teamId: TeamId,
): Promise<readonly { readonly manifest: string; readonly runId: RunId }[]> {
  const { rows } = await journal.pool.query<{ manifest: string; runId: RunId }>(
    `SELECT live.manifest, min(live."runId") AS "runId" FROM (${live}) live
     WHERE NOT EXISTS (SELECT 1 FROM "ManifestBlobs" m WHERE m."teamId" = $1 AND m.manifest = live.manifest)
     GROUP BY live.manifest`,
    [teamId],
  );
  return rows;
}

/** Keeps what a manifest refers to. */
export async function rememberManifest(
  journal: Journal,
  teamId: TeamId,
  manifest: string,
  blobs: readonly string[],
): Promise<void> {
  await journal.pool.query('INSERT INTO "ManifestBlobs" ("teamId", manifest, blobs) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
    teamId,
    manifest,
    [...new Set(blobs)],
  ]);
}

/** What a manifest refers to; null when that was never read. */
export async function blobsOfManifest(journal: Journal, teamId: TeamId, manifest: string): Promise<string[] | null> {
  const { rows } = await journal.pool.query<{ blobs: string[] }>(
    'SELECT blobs FROM "ManifestBlobs" WHERE "teamId" = $1 AND manifest = $2',
    [teamId, manifest],
  );
  return rows[0]?.blobs ?? null;
}

/** Forgets manifests of the team that no snapshot names any more, and no release that is under way. */
export async function forgetManifests(journal: Journal, teamId: TeamId): Promise<void> {
  await journal.pool.query(
    `DELETE FROM "ManifestBlobs" m WHERE m."teamId" = $1
     AND NOT EXISTS (SELECT 1 FROM (${live}) live WHERE live.manifest = m.manifest)
     AND NOT EXISTS (SELECT 1 FROM "SnapshotRelease" s WHERE s."teamId" = $1 AND s.manifest = m.manifest)`,
    [teamId],
  );
}

/**
 * Those of the addresses that a snapshot of the team refers to; all that any does when none are named. Ask for
 * `unreadManifests` first: of those it knows nothing.
 */
export async function referredBlobs(journal: Journal, teamId: TeamId, among?: readonly string[]): Promise<Set<string>> {
  const { rows } = await journal.pool.query<{ hash: string }>(
    `WITH live AS MATERIALIZED (${live})
     SELECT hash FROM (
       SELECT manifest AS hash FROM live
       UNION SELECT patch FROM live WHERE patch IS NOT NULL
       UNION SELECT conversation FROM live WHERE conversation IS NOT NULL
       UNION SELECT unnest(m.blobs) FROM "ManifestBlobs" m JOIN live ON live.manifest = m.manifest WHERE m."teamId" = $1
     ) referred WHERE $2::text[] IS NULL OR hash = ANY($2)`,
    [teamId, among ?? null],
  );
  return new Set(rows.map(({ hash }) => hash));
}
