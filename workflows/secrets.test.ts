import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../telemetry/log.ts';
import { everythingOf } from '../test/support/everything.ts';
import { waitFor } from '../test/support/waitFor.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from '../test/support/system.ts';

let system: TestSystem;
const token = 'tok_51H8x-very/secret+value==';
const note = 'first line of it\nsecond line of it';

beforeAll(async () => {
  system = await startTestSystem();
  await system.startWorker();
});
afterAll(() => system.stop());

const set = (environmentId: string, name: string, value: string) =>
  system.mutate('setEnvironmentSecret', {
    clientKey: `${environmentId}-${name}-${value.length}`,
    environmentId,
    name,
    value,
    use: 'AGENT_VARIABLE',
  });
const untilEnded = (runId: string, sessions = 1) =>
  system.runUntil(
    runId,
    'failure { code message } sessions { ordinal failure { code } }',
    (run) => ended(run) && run.sessions.length === sessions,
  );
const textOf = async (runId: string) => (await system.transcript(runId)).map((event: Shown) => event.text ?? '').join('');

describe('the secrets of an environment', () => {
  test('are variables of setup commands and scripts, and are masked wherever these tell them', async () => {
    const environmentId = await system.createEnvironment({
      setupCommands: ['echo "setup $TOKEN"'],
      variables: [{ name: 'TOKEN', value: 'of the environment' }],
    });
    await set(environmentId, 'TOKEN', token);
    await set(environmentId, 'NOTE', note);
    const runId = await system.createRun(
      environmentId,
      [
        'printf %s "$TOKEN" | sha256sum',
        'printf %s "$TOKEN" | base64',
        'for c in $(printf %s "$TOKEN" | fold -w1); do printf %s "$c"; sleep 0.02; done; echo',
        'echo "$TOKEN" >&2; echo "$NOTE"; echo plain; printf %s "$TOKEN" > kept.txt; touch "named-$(echo "$NOTE" | tail -n 1)"',
        `echo "tok_51H8x-very"; printf 'tok_51H8x'`,
      ].join('\n'),
    );
    expect(await untilEnded(runId)).toMatchObject({ state: 'SUCCEEDED' });
    const text = await textOf(runId);
    expect(text).toContain('setup [secret TOKEN]\n');
    // The agent has the value itself.
    expect(text).toContain(createHash('sha256').update(token).digest('hex'));
    expect(text.match(/\[secret TOKEN\]/g)?.length).toBeGreaterThanOrEqual(4);
    expect(text).toContain('[secret NOTE]');
    // Standard error comes when it comes.
    expect(text.replaceAll('[secret TOKEN]\n', '')).toContain('plain\ntok_51H8x-very\n');
    expect(text.endsWith('tok_51H8x')).toBe(true);
    const told = await everythingOf(system, runId);
    for (const form of [
      token,
      encodeURIComponent(token),
      Buffer.from(token).toString('base64').slice(0, 38),
      'second line of it',
    ])
      expect(told, form).not.toContain(form);
    expect(told).toContain('named-[secret NOTE]');
  });

  test('are in none of the worker’s files but what the agent writes, and in no line of its log', async () => {
    const environmentId = await system.createEnvironment();
    const value = `v-${randomBytes(12).toString('hex')}`;
    await set(environmentId, 'VALUE', value);
    const lines: string[] = [];
    const log = createLog({
      level: 'info',
      base: {},
      secrets: [],
      destination: { write: (line) => void lines.push(line) },
    });
    const home = system.settings.environment['BATON_WORKER_HOME'] ?? '';
    const runId = await system.createRun(environmentId, 'sleep 2');
    await system.runUntil(runId, '', (run) => run.state === 'IN_PROGRESS');
    await system.runUntil(runId, 'waitingFor { for }', (run) => run.waitingFor?.for === 'TURN');
    log.warn({ err: new Error(`it said ${value}`) }, JSON.stringify({ value }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('[secret VALUE]');
    expect(lines[0]).not.toContain(value);
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) expect(readFileSync(path.join(file.parentPath, file.name)).includes(value), file.name).toBe(false);
    await untilEnded(runId);
    // Once the session is let go of, nothing of it is left to be hidden.
    await waitFor('the secret to be forgotten', () => {
      log.warn(value);
      return lines.at(-1)?.includes(value);
    });
  });

  test('that no key opens fail the session, which says what to do; set again, the run goes on', async () => {
    const environmentId = await system.createEnvironment();
    await set(environmentId, 'CONNECTION_URL', token);
    await system.world.journal.pool.query(`UPDATE "EnvironmentSecret" SET "keyId" = '\\x00000000' WHERE "environmentId" = $1`, [
      environmentId,
    ]);
    const runId = await system.createRun(environmentId, 'echo "$CONNECTION_URL"');
    const failed = await untilEnded(runId);
    expect(failed).toMatchObject({ state: 'FAILED', failure: { code: 'SECRET_UNREADABLE' } });
    expect(failed.failure.message).toContain('CONNECTION_URL');
    expect(failed.failure.message).toContain('Set it again');
    await set(environmentId, 'CONNECTION_URL', `${token}!`);
    await system.mutate('sendFollowUp', { clientKey: `again-${runId}`, runId, text: 'echo "$CONNECTION_URL"' });
    expect(await untilEnded(runId, 2)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await textOf(runId)).toContain('[secret CONNECTION_URL]');
  });
});
