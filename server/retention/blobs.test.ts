import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BlobStore } from '../../blobs/blobStore.ts';
import { directoryStore } from '../../blobs/directoryStore.ts';
import type { RunId, SnapshotId, TeamId } from '../../domain/ids.ts';
import { deleteRun } from '../../journal/deleteRun.ts';
import { newId } from '../../journal/newId.ts';
import { redactEvent } from '../../journal/redact.ts';
import type { SnapshotRelease } from '../../journal/releases.ts';
import { expireRun, pastRuns } from '../../journal/retention.ts';
import * as steps from '../../journal/steps.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import {
  createTestRun,
  createWorld,
  finishSession,
  openTestJournal,
  takeSession,
  type World,
} from '../../test/support/journal.ts';
import { serializeManifest, type Manifest } from '../../workspace/manifest.ts';
import { collectGarbage } from './collectGarbage.ts';
import type { BlobKeeping } from './references.ts';
import { removeReleased } from './removeReleased.ts';

let database: TestDatabase;
let world: World;
let directory: string;
let blobs: BlobStore;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(openTestJournal(database.url));
  directory = await mkdtemp(path.join(tmpdir(), 'baton-garbage-'));
  blobs = directoryStore({ directory, masterKey: Buffer.alloc(32, 3) });
});
afterAll(async () => {
  await world.journal.close();
  await database.drop();
  for (const gone of [directory, `${directory}-other`]) await rm(gone, { recursive: true, force: true });
});

const hour = 3_600_000;
const keeping = (graceMs = hour): BlobKeeping => ({ journal: world.journal, blobs, graceMs });
const put = async (text: string) => (await blobs.put(world.teamId, Buffer.from(text))).hash;
const age = async (teamId: TeamId = world.teamId) => {
  const old = new Date(Date.now() - 2 * hour);
  for await (const { hash } of blobs.list(teamId)) await utimes(path.join(directory, teamId, hash.slice(0, 2), hash), old, old);
};
const stored = async (teamId: TeamId = world.teamId) => {
  const hashes: string[] = [];
  for await (const { hash } of blobs.list(teamId)) hashes.push(hash);
  return new Set(hashes);
};

/** Stores a manifest of these contents. */
async function putManifest(contents: readonly string[], patch: string | null) {
  const manifest: Manifest = {
    format: 'baton-snapshot',
    version: 1,
    repositories: [],
    nested: [],
    outside: { entries: [], gaps: [] },
    patch: patch === null ? null : { hash: await put(patch), bytes: patch.length },
    blobs: await Promise.all(contents.map(async (text) => ({ hash: await put(text), bytes: text.length }))),
  };
  const bytes = serializeManifest(manifest);
  return { hash: (await blobs.put(world.teamId, bytes)).hash, bytes: bytes.length, patch: manifest.patch };
}

/** A run that has ended, with a snapshot of each of these contents. */
function runWith(...snapshots: (readonly string[])[]): Promise<{ runId: RunId; snapshotIds: SnapshotId[] }> {
  return runWithConversation(null, ...snapshots);
}

/** The same, where each snapshot also holds what an agent remembers. */
async function runWithConversation(
  said: string | null,
  ...snapshots: (readonly string[])[]
): Promise<{ runId: RunId; snapshotIds: SnapshotId[] }> {
  const blob = said === null ? null : { hash: await put(said), bytes: said.length };

  const runId = await createTestRun(world);
  const writer = await takeSession(world.journal, runId);
  const snapshotIds: SnapshotId[] = [];
  for (const contents of snapshots) {
    const { patch, ...manifest } = await putManifest(contents, contents.length > 1 ? `patch ${contents.join(' ')}` : null);
    const snapshotId = newId('snp');
    snapshotIds.push(snapshotId);
    await steps.record(world.journal, writer, [
      {
        type: 'snapshot.captured',
        snapshotId,
        kind: 'CHECKPOINT',
        summary: {
          manifest,
          patch,
          repositories: [],
          changes: [],
          changedFiles: 0,
          gaps: [],
          gapCount: 0,
          entries: 0,
          bytes: 0,
          storedBytes: 0,
          quiesced: true,
          tookMs: 1,
          ...(blob && { conversation: { harness: 'SCRIPT', format: 'test/1', conversationId: 'c', blob } }),
        },
      },
    ]);
  }
  await finishSession(world.journal, writer);
  return { runId, snapshotIds };
}

const messageOf = async (runId: RunId): Promise<number> =>
  (await world.journal.pool.query(`SELECT seq FROM "Event" WHERE "runId" = $1 AND type = 'message.added'`, [runId])).rows[0].seq;
/** The address of what was put before; asking for it does not put it again. */
const hashOf = async (text: string): Promise<string> => {
  const other = directoryStore({ directory: `${directory}-other`, masterKey: Buffer.alloc(32, 3) });
  return (await other.put(world.teamId, Buffer.from(text))).hash;
};
const releases = async (): Promise<SnapshotRelease[]> =>
  (await world.journal.pool.query<SnapshotRelease>('SELECT id, "teamId", manifest, patch, conversation FROM "SnapshotRelease"'))
    .rows;
const removeAll = async (graceMs = hour) => {
  for (const release of await releases()) await removeReleased(keeping(graceMs), release);
};
const remove = async (runId: RunId) => {
  expect((await deleteRun(world.journal, world.person, runId)).ok).toBe(true);
};

/** Addresses that the team's snapshots need, read from the store, not from what the program remembers. */
async function needed(teamId: TeamId = world.teamId): Promise<Set<string>> {
  const { rows } = await world.journal.pool.query<{ manifest: string; patch: string | null; conversation: string | null }>(
    `SELECT s.summary->'manifest'->>'hash' AS manifest, s.summary->'patch'->>'hash' AS patch,
       s.summary->'conversation'->'blob'->>'hash' AS conversation
     FROM "Snapshot" s JOIN "Run" r ON r.id = s."runId" WHERE r."teamId" = $1`,
    [teamId],
  );
  const found = new Set<string>();
  for (const { manifest, patch, conversation } of rows) {
    found.add(manifest);
    if (conversation !== null) found.add(conversation);
    if (patch !== null) found.add(patch);
    const content = JSON.parse((await blobs.get(teamId, manifest)).toString()) as Manifest;
    for (const { hash } of content.blobs) found.add(hash);
  }
  return found;
}

describe('blobs of a snapshot that went', () => {
  test('go, but for those that another run’s snapshot refers to', async () => {
    const gone = await runWith(['only here', 'shared']);
    await runWith(['shared', 'elsewhere']);
    await age();
    await remove(gone.runId);
    await removeAll();
    expect(await stored()).toEqual(await needed());
    expect(await blobs.has(world.teamId, await put('shared'))).toBe(true);
    expect(await releases()).toEqual([]);
  });

  test('stay while they are young: a snapshot that is being taken may have just put them', async () => {
    const gone = await runWith(['young', 'old']);
    await age();
    await remove(gone.runId);
    const young = await put('young');
    await removeAll();
    expect(await blobs.has(world.teamId, young)).toBe(true);
    expect(await releases()).toHaveLength(1);
    await age();
    await removeAll();
    expect(await blobs.has(world.teamId, young)).toBe(false);
    expect(await stored()).toEqual(await needed());
  });

  test('go also when the removal was broken off anywhere before', async () => {
    for (let steps = 0; steps < 5; steps += 1) {
      const { runId } = await runWith([`a ${steps}`, `b ${steps}`, `c ${steps}`]);
      await age();
      await remove(runId);
      let left = steps;
      const breaking: BlobStore = {
        ...blobs,
        deleteUnused: async (...args) => {
          if (left === 0) throw new Error('broken off');
          left -= 1;
          return blobs.deleteUnused(...args);
        },
      };
      const [release] = await releases();
      await removeReleased({ ...keeping(), blobs: breaking }, release as SnapshotRelease).catch(() => {});
      await removeAll();
      expect(await stored()).toEqual(await needed());
      expect(await releases()).toEqual([]);
    }
  });

  test('a snapshot alone can be redacted: the run falls back to the one before', async () => {
    const { runId, snapshotIds } = await runWith(['first', 'both'], ['second secret', 'both']);
    await age();
    const { rows } = await world.journal.pool.query(
      `SELECT seq FROM "Event" WHERE "runId" = $1 AND type = 'snapshot.captured' ORDER BY seq DESC LIMIT 1`,
      [runId],
    );
    expect((await redactEvent(world.journal, world.person, { runId, seq: rows[0].seq, reason: 'a secret' })).ok).toBe(true);
    await removeAll();
    expect(await stored()).toEqual(await needed());
    const run = await world.journal.pool.query('SELECT "snapshotId" FROM "Run" WHERE id = $1', [runId]);
    expect(run.rows[0].snapshotId).toBe(snapshotIds[0]);
  });

  test('the conversation of an agent is kept as long as its snapshot, and goes with it', async () => {
    const kept = await runWithConversation('what was said here', ['workspace']);
    const gone = await runWithConversation('what was said there', ['workspace']);
    await age();
    await remove(gone.runId);
    await collectGarbage(keeping(), world.teamId, false);
    await removeAll();
    expect(await stored()).toEqual(await needed());
    expect(await blobs.has(world.teamId, await hashOf('what was said here'))).toBe(true);
    await remove(kept.runId);
    await age();
    await removeAll();
    expect(await stored()).toEqual(await needed());
  });

  test('a message that is redacted goes out of what the agent remembers, and the workspace stays', async () => {
    const { runId, snapshotIds } = await runWithConversation('the agent remembers a password', ['its workspace']);
    await age();
    expect(
      (await redactEvent(world.journal, world.person, { runId, seq: await messageOf(runId), reason: 'a password' })).ok,
    ).toBe(true);
    await removeAll();
    expect(await blobs.has(world.teamId, await hashOf('the agent remembers a password'))).toBe(false);
    expect(await stored()).toEqual(await needed());
    const { rows } = await world.journal.pool.query(
      `SELECT s.id, r."snapshotId", e.payload::text AS logged FROM "Snapshot" s JOIN "Run" r ON r.id = s."runId"
       JOIN "Event" e ON e."runId" = r.id AND e.type = 'snapshot.captured' WHERE r.id = $1`,
      [runId],
    );
    expect(rows).toEqual([
      { id: snapshotIds[0], snapshotId: snapshotIds[0], logged: expect.not.stringContaining('conversation') },
    ]);
  });

  test('what a live agent still remembers is not redacted before its session has ended', async () => {
    const runId = await createTestRun(world, { harness: 'BUILT_IN' });
    const writer = await takeSession(world.journal, runId);
    await steps.record(world.journal, writer, [{ type: 'notice', level: 'INFO', code: 'SANDBOXED', message: 'a secret' }]);
    const { rows } = await world.journal.pool.query(`SELECT seq FROM "Event" WHERE "runId" = $1 AND type = 'notice'`, [runId]);
    const redact = () => redactEvent(world.journal, world.person, { runId, seq: rows[0].seq, reason: 'a secret' });
    expect(await redact()).toMatchObject({ ok: false, refusal: { kind: 'EVENT_NOT_REDACTABLE' } });
    await finishSession(world.journal, writer);
    expect((await redact()).ok).toBe(true);
  });

  test('nothing of a team goes while a manifest of it cannot be read', async () => {
    const broken = await createWorld(world.journal);
    const before = world;
    world = broken;
    const gone = await runWith(['a', 'b']);
    const kept = await runWith(['b', 'c']);
    const { rows } = await world.journal.pool.query(
      `SELECT summary->'manifest'->>'hash' AS hash FROM "Snapshot" WHERE "runId" = $1`,
      [kept.runId],
    );
    await blobs.delete(world.teamId, rows[0].hash);
    await age();
    await remove(gone.runId);
    const all = await stored();
    const release = (await releases()).find(({ teamId }) => teamId === world.teamId);
    await expect(removeReleased(keeping(), release as SnapshotRelease)).rejects.toThrow('not in the store');
    await expect(collectGarbage(keeping(), world.teamId, false)).rejects.toMatchObject({
      name: 'UnreadableSnapshotError',
      runId: kept.runId,
    });
    expect(await stored()).toEqual(all);
    await remove(kept.runId);
    await removeAll();
    await collectGarbage(keeping(), world.teamId, false);
    expect(await stored()).toEqual(new Set());
    world = before;
  });
});

describe('the collection of garbage', () => {
  test('takes what nothing refers to, past the grace; a dry run only says so', async () => {
    await runWith(['kept', 'kept too']);
    const orphan = await put('of a capture that was given up');
    await age();
    const young = await put('of a capture that goes on');
    const dry = await collectGarbage(keeping(), world.teamId, true);
    expect(dry).toMatchObject({ blobs: 1, hashes: [orphan], young: 1 });
    expect(await blobs.has(world.teamId, orphan)).toBe(true);
    expect(await collectGarbage(keeping(), world.teamId, false)).toEqual(dry);
    expect(await blobs.has(world.teamId, orphan)).toBe(false);
    expect(await blobs.has(world.teamId, young)).toBe(true);
    await blobs.delete(world.teamId, young);
    expect(await stored()).toEqual(await needed());
  });

  test('leaves other teams alone', async () => {
    const other = newId('team');
    const { hash } = await blobs.put(other, Buffer.from('theirs'));
    await age(other);
    await collectGarbage(keeping(), world.teamId, false);
    expect(await blobs.has(other, hash)).toBe(true);
  });

  test('and deletion never take what something refers to, whatever happens in whatever order', async () => {
    const content = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 4 });
    const act = fc.oneof(
      fc.record({ do: fc.constant('RUN' as const), snapshots: fc.array(content, { minLength: 1, maxLength: 2 }) }),
      fc.record({ do: fc.constant('ORPHAN' as const), text: fc.constantFrom('a', 'b', 'g', 'h') }),
      fc.record({ do: fc.constantFrom('DELETE' as const, 'EXPIRE' as const), which: fc.nat() }),
      fc.record({ do: fc.constantFrom('AGE' as const, 'REMOVE' as const, 'COLLECT' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 20 }), async (acts) => {
        world = await createWorld(world.journal);
        const runs: RunId[] = [];
        const keepNothing = { keepTranscriptDays: null, keepSnapshotDays: 0 };
        for (const next of acts) {
          if (next.do === 'RUN') runs.push((await runWith(...next.snapshots)).runId);
          else if (next.do === 'ORPHAN') await put(next.text);
          else if (next.do === 'AGE') await age();
          else if (next.do === 'REMOVE') await removeAll();
          else if (next.do === 'COLLECT') await collectGarbage(keeping(), world.teamId, false);
          else if (next.do === 'DELETE') {
            const [runId] = runs.splice(next.which % (runs.length || 1), 1);
            if (runId) await remove(runId);
          } else {
            const past = await pastRuns(world.journal, world.teamId, keepNothing, new Date(Date.now() + hour), 1);
            for (const run of past) await expireRun(world.journal, run, keepNothing);
          }
          const there = await stored();
          const missing = [...(await needed())].filter((hash) => !there.has(hash));
          expect(missing).toEqual([]);
        }
        // And in the end nothing is left that nothing refers to.
        await age();
        await removeAll();
        await collectGarbage(keeping(), world.teamId, false);
        expect(await stored()).toEqual(await needed());
      }),
      { numRuns: 15, seed: 7 },
    );
  }, 60_000);
});
