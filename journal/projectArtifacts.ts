import type pg from 'pg';
import type { Change } from './persist.ts';

/** Writes the rows of what a run has left outside Baton: each remote's branch as it was pushed last. */
export async function projectArtifacts(client: pg.PoolClient, { after, at, steps }: Change): Promise<void> {
  for (const { event, session } of steps) {
    if (event.type !== 'branch.pushed') continue;
    await client.query(
      `INSERT INTO "Artifact" ("runId", kind, repository, url, branch, commit, commits, session, at)
       VALUES ($1, 'BRANCH', $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT ("runId", url, branch) DO UPDATE SET repository = EXCLUDED.repository, commit = EXCLUDED.commit,
         commits = "Artifact".commits + EXCLUDED.commits, session = EXCLUDED.session, at = EXCLUDED.at`,
      [after.id, event.repository, event.url, event.branch, event.commit, event.commits, session?.ordinal ?? 0, at],
    );
  }
}
