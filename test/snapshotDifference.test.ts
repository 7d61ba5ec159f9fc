import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../journal/newId.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from './support/system.ts';

/** What differs between two snapshots, through a gateway. */
let system: TestSystem;
let runId: string;
/** Of sessions 1, 2 and 3. */
let snapshots: readonly string[];

/** Three sessions take their time where much else runs. Milliseconds. */
const withinMs = 100_000;

const sessions = [
  'echo one > kept.txt; echo base > moved.txt; echo 1 > counted.txt; git add . && git commit -qm first',
  'echo two >> kept.txt; git mv moved.txt elsewhere.txt; chmod +x counted.txt; printf "a\\0b" > data.bin; echo 2 > counted.txt',
  'git commit -qam second; git branch side; echo three > kept.txt; git add kept.txt',
];

beforeAll(async () => {
  system = await startTestSystem();
  await system.startWorker();
  const [first = '', ...more] = sessions;
  runId = await system.createRun(await system.createEnvironment(), first);
  await system.runUntil(runId, 'id', ended, withinMs);
  for (const [n, text] of more.entries()) {
    await system.mutate('sendFollowUp', { clientKey: `f${n}`, runId, text });
    await system.runUntil(runId, 'sessions { ordinal }', (run) => ended(run) && run.sessions.length === n + 2, withinMs);
  }
  const run = (
    await system.ask('query ($id: ID!) { run(id: $id) { sessions { snapshot { id } } } }', {
      id: runId,
    })
  ).run;
  snapshots = run.sessions.map(({ snapshot }: Shown) => snapshot.id);
}, 4 * withinMs);
afterAll(() => system?.stop());

const file = 'repository path oldPath status bytesBefore bytesAfter modeBefore modeAfter patch { kind text additions deletions }';
const repository =
  'repository presence headMoved headBefore { branch commit } headAfter { branch commit } refs { name } refCount index { path status } indexCount comparable';

const differ = async (before: string, after: string, page = '') =>
  (
    await system.ask(
      `query ($before: ID!, $after: ID!) {
        snapshotDifference(before: $before, after: $after) {
          __typename
          ... on Error { code message }
          ... on SnapshotDifference {
            same fileCount before { id } after { session { ordinal } } repositories { ${repository} }
            files${page} { edges { node { ${file} } } pageInfo { hasNextPage endCursor } }
          }
        }
      }`,
      { before, after },
    )
  ).snapshotDifference;
const filesOf = (difference: Shown) => Object.fromEntries(difference.files.edges.map(({ node }: Shown) => [node.path, node]));

test('every file that differs is there with its patch, also where commits or the base have its content', async () => {
  const [first = '', second = '', third = ''] = snapshots;
  const difference = await differ(first, second);
  expect(difference).toMatchObject({ same: false, fileCount: 4, before: { id: first }, after: { session: { ordinal: 2 } } });
  const files = filesOf(difference);
  expect(files['kept.txt']).toMatchObject({ status: 'MODIFIED', patch: { kind: 'TEXT', additions: 1, deletions: 0 } });
  expect(files['kept.txt'].patch.text).toBe(
    'diff --git a/kept.txt b/kept.txt\n--- a/kept.txt\n+++ b/kept.txt\n@@ -1,1 +1,2 @@\n one\n+two\n',
  );
  expect(files['elsewhere.txt']).toMatchObject({ status: 'RENAMED', oldPath: 'moved.txt' });
  expect(files['counted.txt'].patch.text).toMatch(/^old mode 100644\nnew mode 100755\n[^]*-1\n\+2\n$/m);
  expect(files['data.bin']).toMatchObject({
    status: 'ADDED',
    bytesBefore: null,
    bytesAfter: 3,
    patch: { kind: 'BINARY', text: null },
  });

  const whole = await differ(first, third);
  expect(filesOf(whole)['counted.txt'].patch.text).toContain('-1\n+2\n');
  expect(filesOf(whole)['kept.txt'].patch.text).toContain('-one\n+three\n');
  expect(whole.repositories).toEqual([
    expect.objectContaining({
      presence: 'BOTH',
      headMoved: true,
      comparable: true,
      refCount: 2,
      refs: [{ name: expect.stringMatching(/^refs\/heads\/baton\//) }, { name: 'refs/heads/side' }],
    }),
  ]);
  expect(whole.repositories[0].headBefore.commit).not.toBe(whole.repositories[0].headAfter.commit);
});

test('a snapshot is the same as itself, and files come in pages', async () => {
  const [first = '', second = ''] = snapshots;
  expect(await differ(second, second)).toMatchObject({ same: true, fileCount: 0, files: { edges: [] } });
  const { files } = await differ(first, second, '(first: 3)');
  expect(files).toMatchObject({ edges: { length: 3 }, pageInfo: { hasNextPage: true } });
  const rest = (await differ(first, second, `(first: 3, after: "${files.pageInfo.endCursor}")`)).files;
  expect(rest).toMatchObject({ edges: { length: 1 }, pageInfo: { hasNextPage: false } });
});

test('a snapshot that is not there, or whose content is gone, is told as that', async () => {
  const [first = '', second = ''] = snapshots;
  expect(await differ(first, newId('snp'))).toMatchObject({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
  expect(await differ(runId, second)).toMatchObject({ code: 'NOT_FOUND' });
  const { rows } = await system.world.journal.pool.query<{ summary: { manifest: { hash: string } } }>(
    'SELECT summary FROM "Snapshot" WHERE id = $1',
    [first],
  );
  const summary = rows[0]?.summary;
  await system.world.journal.pool.query('UPDATE "Snapshot" SET summary = $2 WHERE id = $1', [
    first,
    { ...summary, manifest: { ...summary?.manifest, hash: 'f'.repeat(64) } },
  ]);
  expect(await differ(first, second)).toMatchObject({ __typename: 'SnapshotGoneError', code: 'SNAPSHOT_GONE' });
  await system.world.journal.pool.query('UPDATE "Snapshot" SET summary = $2 WHERE id = $1', [first, summary]);
});
