import { failure } from '../../domain/failure.ts';
import type { CaptureGap, ConflictWay, FileChange, NewerBase, RestoreEntry } from '../../domain/snapshot.ts';
import type { PromptId } from '../../domain/ids.ts';
import type { StandInRun } from './standInRun.ts';
import { StandInWorker } from './standInWorker.ts';
import type { World } from './world.ts';

const minute = 60_000;

const change = (path: string, status: FileChange['status'], additions: number | null, deletions: number | null): FileChange => ({
  repository: '.',
  path,
  status,
  oldPath: status === 'RENAMED' ? 'src/webhooks/drop.ts' : null,
  additions,
  deletions,
});

const changes: readonly FileChange[] = [
  change('src/webhooks/backoff.ts', 'ADDED', 15, 0),
  change('src/webhooks/delivery.ts', 'MODIFIED', 6, 4),
  change('src/webhooks/dead-letters.ts', 'RENAMED', 2, 1),
  change('docs/webhooks.md', 'MODIFIED', 2, 1),
  change('assets/flow.png', 'ADDED', null, null),
];

export const patch = `diff --git a/docs/webhooks.md b/docs/webhooks.md
index 1b2c3d4..5e6f708 100644
--- a/docs/webhooks.md
+++ b/docs/webhooks.md
@@ -12,6 +12,7 @@ Deliveries
 A delivery is a POST with the event as JSON.
 
-A delivery that fails is dropped.
+A delivery that fails is tried again, six times at most, with exponential backoff.
+The sixth failure is kept as a dead letter.
 
 ## Signatures
 
diff --git a/src/webhooks/backoff.ts b/src/webhooks/backoff.ts
new file mode 100644
index 0000000..8a1b2c3
--- /dev/null
+++ b/src/webhooks/backoff.ts
@@ -0,0 +1,15 @@
+/** Milliseconds. */
+const firstMs = 2_000;
+const mostMs = 15 * 60_000;
+
+/** How long to wait before an attempt; the receiver's own wish wins. */
+export function backoff(attempt: number, random: () => number, after?: string): number {
+  const ceiling = Math.min(mostMs, firstMs * 2 ** attempt);
+  return Math.max(Math.round(random() * ceiling), retryAfter(after));
+}
+
+function retryAfter(value = ''): number {
+  /* Seconds,
+     or an HTTP date. */
+  return /^\\d+$/.test(value) ? Number(value) * 1_000 : Math.max(0, Date.parse(value) - Date.now()) || 0;
+}
diff --git a/src/webhooks/drop.ts b/src/webhooks/dead-letters.ts
similarity index 82%
rename from src/webhooks/drop.ts
rename to src/webhooks/dead-letters.ts
index 1111111..2222222 100644
--- a/src/webhooks/drop.ts
+++ b/src/webhooks/dead-letters.ts
@@ -3,5 +3,6 @@ import type { DeliveryJob } from './delivery.ts';
 
 /** Puts a delivery away for people to look at. */
 export async function putAway(job: DeliveryJob, status: number): Promise<void> {
-  log.warn({ job: job.id, status }, 'dropped');
+  log.warn({ job: job.id, status, attempts: job.attempt }, 'dead-lettered');
+  await table.insert(job);
 }
diff --git a/src/webhooks/delivery.ts b/src/webhooks/delivery.ts
index 3333333..4444444 100644
--- a/src/webhooks/delivery.ts
+++ b/src/webhooks/delivery.ts
@@ -84,9 +84,11 @@ export class DeliveryWorker {
   async deliver(job: DeliveryJob): Promise<DeliveryResult> {
-    const response = await this.http.post(job.url, job.body);
-    if (!response.ok) {
-      await this.drop(job, response.status);
-      return { state: 'dropped', status: response.status };
+    const response = await this.http.post(job.url, job.body, { timeout: 10_000 });
+    if (response.ok) return { state: 'delivered', status: response.status };
+    if (job.attempt >= mostAttempts) {
+      await putAway(job, response.status);
+      return { state: 'dead', status: response.status };
     }
+    await this.queue.add(job.next(), { delay: backoff(job.attempt, this.random) });
     return { state: 'delivered', status: response.status };
   }
 }
diff --git a/assets/flow.png b/assets/flow.png
new file mode 100644
index 0000000..5555555
Binary files /dev/null and b/assets/flow.png differ
`;

const gaps: readonly CaptureGap[] = [
  {
    repository: '.',
    path: '.env.local',
    status: 'SKIPPED',
    reason: 'SECRET_LIKE',
    detail: 'Never captured: it looks like a secret, and the environment’s policy leaves those out.',
  },
];

const applied: readonly RestoreEntry[] = [
  {
    repository: '.',
    subject: 'BRANCH',
    path: 'baton/webhook-retries',
    status: 'APPLIED',
    reason: null,
    detail: 'Same branch, HEAD 4e1b7c9, 2 unpushed commits put back.',
  },
  { repository: '.', subject: 'INDEX', path: null, status: 'APPLIED', reason: null, detail: '3 staged files, as they were.' },
  { repository: '.', subject: 'WORKTREE', path: null, status: 'APPLIED', reason: null, detail: '11 files, byte for byte.' },
];

const conflict: RestoreEntry = {
  repository: '.',
  subject: 'FILE',
  path: 'src/webhooks/schedule.ts',
  status: 'CONFLICT',
  reason: 'BOTH_CHANGED',
  detail:
    'The run and main have both changed the same lines: both are in the file, between conflict markers. Make it what it should be. Then git add it.',
};

const newerBase: readonly NewerBase[] = [
  {
    repository: '.',
    branch: 'main',
    state: 'MOVED',
    from: '9a0d41b6a2c1f08e7d5b3c4a19e2f7d60b8c5a31',
    to: 'c41f7e92d08b35a6e1f4c7902b6d83ae5f10947c',
    merged: 4,
    conflicts: 1,
    merging: false,
    keptBranch: null,
  },
];

const esc = '\u001b[';
const tests = [
  ` ${esc}32m✓${esc}0m src/webhooks/backoff.test.ts ${esc}2m(9 tests)${esc}0m ${esc}32m41ms${esc}0m\n`,
  ` ${esc}32m✓${esc}0m src/webhooks/retry-after.test.ts ${esc}2m(6 tests)${esc}0m ${esc}32m18ms${esc}0m\n`,
  ` ${esc}33m❯${esc}0m src/webhooks/delivery.test.ts ${esc}2m(14 tests |${esc}0m ${esc}31m1 failed${esc}0m${esc}2m)${esc}0m ${esc}33m1208ms${esc}0m\n`,
  `   ${esc}32m✓${esc}0m retries a 503 with backoff ${esc}2m112ms${esc}0m\n`,
  `   ${esc}1;31m× honours Retry-After as an HTTP date${esc}0m ${esc}2m104ms${esc}0m\n`,
  `     ${esc}31m→ expected 119000 to be close to 120000, off by 1000${esc}0m\n`,
];

const firstScript =
  'set -e\nnpm run generate\nnpx vitest run src/webhooks\ngit add -A && git commit -m "Retry deliveries with backoff"\n';
const secondScript = 'npx vitest run src/webhooks';

/** A first session that did its work and ended well. */
function firstSession(world: World, run: StandInRun, more: { gaps?: readonly CaptureGap[] } = {}): StandInWorker {
  const worker = new StandInWorker(world, run);
  worker.message(firstScript);
  world.pass(400);
  worker.start();
  worker.command({ kind: 'SETUP', title: 'npm ci', output: ['added 212 packages in 4s\n'], tookMs: 4_100 });
  const script = worker.itemStart({ title: 'set -e' });
  worker.itemChunk(script, '> payments-api@2.3.0 generate\n> node scripts/generate.mjs\n\nwrote 4 files\n');
  for (const line of tests) worker.itemChunk(script, line.replace('31m1 failed', '32m14 passed'));
  world.pass(12_400);
  worker.itemEnd(script, { tookMs: 12_400 });
  worker.files(changes);
  worker.endTurn();
  worker.capture('CHECKPOINT', { changes, patch });
  world.pass(38 * minute);
  worker.close('SUCCEEDED', { changes, patch, ...more });
  return worker;
}

function secondSession(
  world: World,
  run: StandInRun,
  entries: readonly RestoreEntry[],
  { newest }: { newest?: ConflictWay } = {},
): StandInWorker {
  const worker = new StandInWorker(world, run, 'us-1');
  if (newest)
    run.append({ type: 'run.continued', actor: world.person.actor, harness: null, restore: { kind: 'LATEST' }, newest });
  worker.followUp(secondScript);
  world.pass(900);
  worker.open();
  world.pass(2_000);
  worker.take();
  world.pass(1_100);
  worker.opened();
  worker.restored(entries, newest ? { newerBase } : {});
  worker.sandboxed();
  worker.beginTurn();
  return worker;
}

function agentTurn(worker: StandInWorker): void {
  worker.say('THOUGHT', [
    'The header can be seconds or a date. ',
    'Where is it read now?\n\nProbably in `delivery.ts`; backoff is in a file of its own.',
  ]);
  worker.say('TEXT', ["I'll look at how deliveries are retried, then change `backoff` and its callers.\n"]);
  worker.plan([
    ['Find where a delivery is tried again', 'IN_PROGRESS'],
    ['Read Retry-After as seconds and as a date', 'PENDING'],
    ['Test both, and a date in the past', 'PENDING'],
  ]);
  worker.tool({
    call: { name: 'search', kind: 'SEARCH' },
    title: 'backoff( in src/',
    input: { pattern: 'backoff\\(', path: 'src' },
    output: [
      'src/webhooks/backoff.ts:6:export function backoff(attempt: number)\nsrc/webhooks/delivery.ts:93: backoff(job.attempt)\n',
    ],
  });
  worker.tool({
    call: { name: 'read', kind: 'READ' },
    title: 'src/webhooks/backoff.ts',
    input: { path: 'src/webhooks/backoff.ts' },
    output: ['const mostMs = 15 * 60_000;\n\nexport function backoff(attempt: number): number {\n'],
  });
  worker.tool({
    call: { name: 'edit', kind: 'EDIT' },
    title: 'src/webhooks/backoff.ts',
    input: { path: 'src/webhooks/backoff.ts', old: '…', new: '…' },
    diff: {
      path: 'src/webhooks/backoff.ts',
      oldText:
        'const mostMs = 15 * 60_000;\n\nexport function backoff(attempt: number): number {\n  return Math.min(mostMs, 2_000 * 2 ** attempt);\n}\n',
      newText:
        'const mostMs = 15 * 60_000;\n\nexport function backoff(attempt: number, after?: string): number {\n  return Math.max(Math.min(mostMs, 2_000 * 2 ** attempt), retryAfter(after));\n}\n',
    },
  });
  worker.tool({
    call: { name: 'edit', kind: 'EDIT' },
    title: 'src/webhooks/missing.ts',
    input: { path: 'src/webhooks/missing.ts', old: 'retry()', new: 'retryLater()' },
    output: ['There is no file src/webhooks/missing.ts.'],
    failed: true,
  });
  worker.plan([
    ['Find where a delivery is tried again', 'COMPLETED'],
    ['Read Retry-After as seconds and as a date', 'COMPLETED'],
    ['Test both, and a date in the past', 'IN_PROGRESS'],
  ]);
  worker.ask('npx vitest run src/webhooks', ['Allow once', 'Allow in this session', 'Deny'], 'PERMISSION', false);
  const promptId = worker.run.state.prompt?.promptId as PromptId;
  const answer = { optionId: 'o1', text: null };
  worker.run.append({ type: 'prompt.answered', promptId, answer, actor: worker.world.person.actor });
  worker.resume();
  worker.tool({
    call: { name: 'shell', kind: 'EXECUTE' },
    title: 'npx vitest run src/webhooks',
    input: { command: 'npx vitest run src/webhooks' },
    output: tests,
    exitCode: 0,
  });
  worker.run.append({
    type: 'notice',
    level: 'INFO',
    code: 'MODEL_RETRIED',
    message: 'The model’s provider is overloaded (529). Trying again in 4 seconds.',
  });
  worker.say('TEXT', [
    'Deliveries now honour `Retry-After`:\n\n',
    '- as **seconds**: `Retry-After: 120`\n- as a **date**: one in the past means at once\n\n',
    '```ts\nbackoff(job.attempt, response.headers.get("retry-after"));\n```\n',
  ]);
  worker.files(changes);
  const model = 'claude-sonnet-5';
  worker.endTurn(null, 94_000, [
    {
      model,
      inputTokens: 96_400,
      outputTokens: 1_900,
      cacheReadTokens: 82_000,
      cacheWriteTokens: 9_000,
      reasoningTokens: 400,
      costMicros: 0,
    },
  ]);
}

const inPast = (world: World, ms: number): void => void (world.time = Date.now() - ms);

/** Named runs in every state that the page can show, the oldest first. */
export const scenarios = {
  /** Ended well, in one session. */
  ended: (world: World): StandInRun => {
    inPast(world, 5 * 60 * minute);
    const run = world.addRun({ title: 'Add OpenAPI examples for refunds' });
    firstSession(world, run);
    return run;
  },
  /** The second session runs a command; the workspace came back exactly. */
  running: (world: World): StandInRun => {
    inPast(world, 175 * minute);
    const run = world.addRun({ title: 'Retry webhook deliveries with backoff' });
    firstSession(world, run);
    world.time = Date.now() - 48_000;
    const worker = secondSession(world, run, applied);
    const item = worker.itemStart({ title: secondScript });
    for (const line of tests) worker.itemChunk(item, line);
    worker.itemChunk(item, `   ${esc}36m↻${esc}0m dead-letters the sixth failure`);
    return run;
  },
  /** The second session got less than the whole workspace back. */
  conflicts: (world: World): StandInRun => {
    inPast(world, 175 * minute);
    const run = world.addRun({ title: 'Retry webhook deliveries, on a base that has moved', origin: 'CLI' });
    firstSession(world, run, { gaps });
    world.time = Date.now() - 4 * minute;
    const worker = secondSession(world, run, [...applied, conflict], { newest: 'MARKERS' });
    worker.command({ title: secondScript, output: tests, exitCode: 0, tookMs: 68_000 });
    worker.endTurn();
    worker.beginTurn();
    return run;
  },
  /** Waits for a person's leave. */
  blocked: (world: World): StandInRun => {
    inPast(world, 9 * minute);
    const run = world.addRun({ title: 'Rotate the signing keys of staging', origin: 'SCHEDULE' });
    const worker = new StandInWorker(world, run);
    worker.message('terraform plan -out plan && ask "terraform apply plan" && terraform apply plan');
    worker.start();
    worker.command({ title: 'terraform plan -out plan', output: ['Plan: 2 to add, 0 to change, 2 to destroy.\n'] });
    world.time = Date.now() - 2 * minute;
    worker.ask('terraform apply plan', ['Allow once', 'Allow in this session', 'Deny'], 'PERMISSION');
    return run;
  },
  /** Parked with a question: no machine is held. */
  parked: (world: World): StandInRun => {
    inPast(world, 26 * 60 * minute);
    const run = world.addRun({ title: 'Upgrade the Postgres driver to 18', origin: 'INTEGRATION' });
    const worker = new StandInWorker(world, run);
    worker.message('./upgrade.sh');
    worker.start();
    worker.command({ title: './upgrade.sh', output: ['driver 18.4\n'] });
    worker.ask('Which pool size in production?', ['10', '20']);
    world.pass(20 * minute);
    // A session of a harness with durable prompts closes while the question stays.
    run.append({ type: 'session.state', from: 'BLOCKED', to: 'SNAPSHOTTING', worker: null, outcome: null, failure: null });
    worker.capture('FINAL', { changes: changes.slice(0, 2), patch });
    run.append({ type: 'session.state', from: 'SNAPSHOTTING', to: 'ENDED', worker: null, outcome: 'PARKED', failure: null });
    return run;
  },
  /** A setup command failed. */
  failed: (world: World): StandInRun => {
    inPast(world, 3 * 60 * minute);
    const run = world.addRun({ title: 'Bump Node to 24 in all services', origin: 'CLI' });
    const worker = new StandInWorker(world, run);
    worker.message('./bump.sh 24');
    worker.open();
    world.pass(2_000);
    worker.take();
    worker.opened();
    worker.waiting('SETUP', 'npm ci');
    worker.command({
      kind: 'SETUP',
      title: 'npm ci',
      exitCode: 1,
      output: [`${esc}31mnpm error${esc}0m code EUSAGE\n${esc}31mnpm error${esc}0m The lock file does not match package.json.\n`],
    });
    worker.fail(
      failure(
        'SETUP_COMMAND_FAILED',
        '`npm ci` exited with 1: the lock file does not match package.json. Fix it on the branch, then continue the run.',
      ),
      false,
    );
    return run;
  },
  /** The worker was lost in mid-turn; the script is not run again by itself. */
  lost: (world: World): StandInRun => {
    inPast(world, 28 * 60 * minute);
    const run = world.addRun({ title: 'Trace the slow checkout query' });
    const first = firstSession(world, run);
    world.pass(5 * minute);
    const worker = secondSession(world, run, applied);
    const item = worker.itemStart({ title: secondScript });
    worker.itemChunk(item, tests[0] ?? '');
    world.pass(40_000);
    worker.lose();
    first.followUp(secondScript);
    worker.open();
    world.pass(1_000);
    worker.take();
    worker.opened();
    worker.restored(applied);
    worker.beginTurn();
    worker.command({ title: secondScript, output: tests });
    worker.endTurn();
    worker.close('SUCCEEDED', { changes, patch });
    return run;
  },
  /** An agent at work in its second session: what it thinks, says, plans and does with its tools. */
  agent: (world: World): StandInRun => {
    inPast(world, 50 * minute);
    const run = world.addRun({ title: 'Honour Retry-After in webhook deliveries', harness: 'BUILT_IN' });
    const first = new StandInWorker(world, run);
    first.message('Honour `Retry-After` when a webhook is delivered again, as seconds **and** as an HTTP date. Add tests.');
    world.pass(400);
    first.start();
    first.conversation(false);
    agentTurn(first);
    first.capture('CHECKPOINT', { changes, patch });
    world.pass(5 * minute);
    first.close('SUCCEEDED', { changes, patch });
    world.time = Date.now() - 60_000;
    const worker = new StandInWorker(world, run, 'us-1');
    worker.followUp('Good. Push it to the docs too, and check that the links still work.');
    world.pass(900);
    worker.open();
    world.pass(2_000);
    worker.take();
    worker.opened();
    worker.restored(applied);
    worker.sandboxed();
    worker.conversation(true);
    worker.beginTurn();
    worker.say('THOUGHT', ['The docs mention deliveries in docs/webhooks.md.\n\nLinks: there is a script, `npm run links`.']);
    worker.tool({
      call: { name: 'fetch', kind: 'FETCH' },
      title: 'https://www.rfc-editor.org/rfc/rfc9110#name-retry-after',
      input: { url: 'https://www.rfc-editor.org/rfc/rfc9110#name-retry-after' },
      output: ['Retry-After = HTTP-date / delay-seconds\n'],
    });
    const text = worker.itemStart({ kind: 'TEXT', title: '' });
    worker.itemChunk(text, 'The documentation now says what a receiver can ask for. Checking the links ', 'TEXT');
    return run;
  },
  /** Canceled by a person. */
  canceled: (world: World): StandInRun => {
    inPast(world, 27 * 60 * minute);
    const run = world.addRun({ title: 'Rename Ledger to Journal across the docs', origin: 'CLI' });
    const worker = new StandInWorker(world, run);
    worker.message('./rename.sh');
    worker.start();
    run.append({ type: 'run.cancelRequested', actor: world.person.actor });
    worker.endTurn();
    worker.close('CANCELED', { changes: changes.slice(0, 1), patch });
    return run;
  },
  /** Waits for a worker. */
  queued: (world: World): StandInRun => {
    inPast(world, 40_000);
    const run = world.addRun({ title: 'Translate the onboarding emails', origin: 'API' });
    new StandInWorker(world, run).message('make translate');
    run.append({ type: 'run.waiting', for: 'WORKER', detail: 'no worker is there' });
    return run;
  },
  /** Gets its repository. */
  starting: (world: World): StandInRun => {
    inPast(world, 12_000);
    const run = world.addRun({ title: 'Flaky test: clock skew in token refresh' });
    const worker = new StandInWorker(world, run);
    worker.message('npx vitest run --repeat 50 src/auth');
    worker.open();
    world.pass(4_000);
    worker.take();
    worker.waiting('CLONE', 'fetching main');
    return run;
  },
  /** Its turn is over; the session waits for the next message. */
  idle: (world: World): StandInRun => {
    inPast(world, 6 * minute);
    const run = world.addRun({ title: 'Split the billing page bundle by route' });
    const worker = new StandInWorker(world, run);
    worker.message('npm run build -- --report');
    worker.start();
    worker.command({ title: 'npm run build -- --report', output: ['built in 8.2s\n'] });
    worker.files(changes.slice(0, 1));
    worker.endTurn();
    worker.capture('CHECKPOINT', { changes: changes.slice(0, 1), patch });
    worker.beginTurn();
    return run;
  },
  /** The follow-up did not reach an agent: its text came back. */
  returned: (world: World): StandInRun => {
    inPast(world, 90 * minute);
    const run = world.addRun({ title: 'Make the import idempotent under retries' });
    firstSession(world, run);
    world.time = Date.now() - 3 * minute;
    const worker = new StandInWorker(world, run);
    worker.followUp('npm run import -- --twice');
    worker.open();
    world.pass(2_000);
    worker.take();
    worker.fail(
      failure(
        'REPOSITORY_UNREACHABLE',
        'The repository did not answer: could not resolve host git.example.com. Continue the run when it can be reached.',
      ),
      false,
    );
    return run;
  },
  /** A command that printed ten megabytes. */
  flood: (world: World): StandInRun => {
    inPast(world, 20 * minute);
    const run = world.addRun({ title: 'Print everything' });
    const worker = new StandInWorker(world, run);
    worker.message('yes | head -c 10000000');
    worker.start();
    const item = worker.itemStart({ title: 'yes | head -c 10000000' });
    const line = `${esc}32mok${esc}0m ${'y'.repeat(110)}\n`;
    for (let chunk = 0; chunk < 1_300; chunk += 1) worker.itemChunk(item, line.repeat(64));
    worker.itemEnd(item, { tookMs: 3_000, omittedBytes: 52_000_000 });
    worker.endTurn();
    worker.close('SUCCEEDED', { changes: [] });
    return run;
  },
  /** Continued without the workspace of before. */
  fresh: (world: World): StandInRun => {
    inPast(world, 4 * 60 * minute);
    const run = world.addRun({ title: 'Start over without the old workspace' });
    firstSession(world, run);
    world.pass(30 * minute);
    run.append({ type: 'run.continued', actor: world.person.actor, harness: null, restore: { kind: 'NONE' } });
    const worker = new StandInWorker(world, run, 'us-2');
    worker.followUp('npm test');
    worker.open();
    world.pass(1_500);
    worker.take();
    worker.opened();
    run.append({
      type: 'notice',
      level: 'WARNING',
      code: 'NO_WORKSPACE_RESTORED',
      message: 'It was continued without the workspace of before: the agent starts from main at 9a0d41b.',
    });
    worker.beginTurn();
    worker.command({ title: 'npm test', output: ['29 passed\n'] });
    worker.endTurn();
    worker.close('SUCCEEDED', { changes: [] }, [
      { url: 'https://git.example.com/platform/payments-api.git' },
      { url: 'https://git.example.com/platform/ledger.git', refused: 'The remote refused the push: pre-receive hook declined' },
    ]);
    return run;
  },
} as const;

/** Puts every scenario into a world. */
export function fill(world: World): Record<keyof typeof scenarios, StandInRun> {
  world.addEnvironment({ name: 'payments-api', setupCommands: ['npm ci'], variables: [{ name: 'NODE_ENV', value: 'test' }] });
  world.addEnvironment({
    name: 'ledger',
    repositories: [{ url: '/srv/repositories/ledger', branch: null, path: '.', push: false, snapshot: { ignored: [] } }],
    idleSeconds: 900,
  });
  const runs = Object.fromEntries(Object.entries(scenarios).map(([name, make]) => [name, make(world)]));
  world.time = null;
  return runs as Record<keyof typeof scenarios, StandInRun>;
}
