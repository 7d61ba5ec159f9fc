import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from './support/browser.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { client, createToken, removeSettings, startTestGateway, testSettings, type TestSettings } from './support/gateway.ts';
import { createTestRun, createWorld, finishSession, openTestJournal, takeSession, type World } from './support/journal.ts';
import { directoryStore } from '../blobs/directoryStore.ts';
import type { Gateway } from '../server/gateway.ts';

/** The pages of settings as they are built, on a real gateway, in a real browser. `npm test` builds them first. */
const webRoot = fileURLToPath(new URL('../dist/web', import.meta.url));

let database: TestDatabase;
let settings: TestSettings;
let gateway: Gateway;
let world: World;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  if (!existsSync(path.join(webRoot, 'index.html'))) throw new Error('The viewer is not built. Run: npm run build');
  database = await createTestDatabase();
  settings = await testSettings(database.url, {
    BATON_WEB_ROOT: webRoot,
    BATON_BLOB_GRACE_MINUTES: '0',
    BATON_QUOTA_RUNNING_SESSIONS: '2',
  });
  gateway = await startTestGateway(settings);
  world = await createWorld(openTestJournal(database.url), 'Mira Okafor');
  await world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN'`);
  // Nothing goes by itself while the tests look.
  await world.journal.pool.query(`UPDATE "Team" SET "sweptAt" = now()`);
  await createTestRun(world, { title: 'Rotate the keys' });
  browser = await openBrowser();
  ({ page } = browser);
  await page.goto(await signInLink());
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  await world?.journal.close();
  if (settings) await removeSettings(settings);
  await database?.drop();
});

async function signInLink(): Promise<string> {
  const api = client(gateway.url, await createToken(world.journal, world.userId));
  return (await api('mutation { createSignInLink { url } }')).data.createSignInLink.url;
}
/** A run that ended this many days ago. */
async function endedRun(title: string, daysAgo: number): Promise<void> {
  const runId = await createTestRun(world, { title });
  await finishSession(world.journal, await takeSession(world.journal, runId));
  await world.journal.pool.query(`UPDATE "Run" SET "lastActivityAt" = now() - make_interval(days => $2) WHERE id = $1`, [
    runId,
    daysAgo,
  ]);
}
const members = () => page.getByRole('list', { name: 'Members' });

describe('the settings', () => {
  test('make a token whose secret works, and revoke it', async () => {
    await page.getByRole('link', { name: 'Settings' }).first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('button', { name: 'New token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('CI');
    await dialog.getByLabel('Create environments').check();
    await dialog.getByRole('button', { name: 'Create token' }).click();
    const secret = await dialog.locator('[data-secret]').innerText();
    expect((await client(gateway.url, secret)('{ viewer { name } }')).data.viewer.name).toBe('Mira Okafor');
    await dialog.getByRole('button', { name: 'I have it' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'CI' });
    await row.getByText('environments').waitFor();
    await row.getByRole('button', { name: 'Revoke CI' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await row.waitFor({ state: 'detached' });
    expect((await client(gateway.url, secret)('{ viewer { name } }')).status).toBe(401);
  });

  test('take a person into the team by a link, change their role, and keep the last admin', async () => {
    await page.goto(`${gateway.url}/settings/team/${world.teamId}`);
    await page.getByRole('button', { name: 'Add a person' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address').fill('jonas@example.com');
    await dialog.getByLabel('Name').fill('Jonas Weber');
    await dialog.getByRole('button', { name: 'Add to the team' }).click();
    const link = await dialog.locator('code').innerText();
    expect(link).toContain('/sign-in?code=');
    await dialog.getByRole('button', { name: 'I have it' }).click();
    await members().getByText('jonas@example.com').waitFor();
    await page.getByLabel('Role of Jonas Weber').selectOption('ADMIN');
    await page.getByText('Jonas Weber is admin now').waitFor({ state: 'attached' });
    await page.getByLabel('Role of Jonas Weber').selectOption('VIEWER');
    await page.getByLabel('Role of Mira Okafor').selectOption('MEMBER');
    await page.getByRole('alert').getByText('last admin').waitFor();
    await expect.poll(() => page.getByLabel('Role of Mira Okafor').inputValue()).toBe('ADMIN');
  });

  test('tell admins who did what, and lead to the run', async () => {
    await page.getByRole('link', { name: 'Audit of Team' }).first().click();
    const log = page.getByRole('list', { name: 'Audit log' });
    await log.getByText('MEMBER → ADMIN').waitFor();
    await log.getByRole('link', { name: 'Rotate the keys' }).waitFor();
    await page.getByLabel('Which acts').selectOption('MEMBER_ADDED');
    await log.getByText('MEMBER → ADMIN').waitFor({ state: 'detached' });
    expect(await log.getByRole('listitem').count()).toBe(1);
  });

  test('say how much of its quotas the team uses', async () => {
    await page.goto(`${gateway.url}/settings/team/${world.teamId}`);
    const usage = page.getByRole('list', { name: 'Usage' });
    await usage.getByRole('listitem').filter({ hasText: 'Runs queued or in progress' }).getByText('1 of 2').waitFor();
    await usage.getByRole('meter', { name: 'Runs queued or in progress' }).waitFor();
    await usage.getByRole('listitem').filter({ hasText: 'Snapshots stored' }).getByText('0 B, no limit').waitFor();
  });

  test('show what would go, ask before it does, and keep what was set', async () => {
    await endedRun('Long ago', 40);
    await endedRun('Lately', 3);
    const form = page.getByRole('form', { name: 'Retention' });
    const transcripts = form.getByLabel('Days to keep transcripts');
    await transcripts.fill('90');
    await form.getByRole('button', { name: 'What would go now?' }).click();
    await page.getByText('Nothing would go now').waitFor();
    await transcripts.fill('30');
    await form.getByRole('button', { name: 'What would go now?' }).click();
    const past = page.getByRole('list', { name: 'Would go now' }).getByRole('listitem');
    await past.filter({ hasText: 'Long ago' }).getByText('Transcript', { exact: true }).waitFor();
    expect(await past.count()).toBe(1);
    await form.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Keep less?' });
    await dialog.getByText('1 transcript').waitFor();
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    await page.reload();
    expect(await transcripts.inputValue()).toBe('');
    await transcripts.fill('30');
    await transcripts.press('Enter');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Saved').waitFor();
    await page.reload();
    await transcripts.waitFor();
    expect(await transcripts.inputValue()).toBe('30');
    // What keeps more needs no question.
    await transcripts.fill('');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Saved').waitFor();
  });

  test('remove blobs that nothing refers to, once it was said how many', async () => {
    const { BATON_BLOBS: directory = '', BATON_MASTER_KEY: key = '' } = settings.environment;
    const blobs = directoryStore({ directory, masterKey: Buffer.from(key, 'base64') });
    const left = async (): Promise<number> => {
      let count = 0;
      for await (const _ of blobs.list(world.teamId)) count += 1;
      return count;
    };
    await blobs.put(world.teamId, Buffer.from('left behind'));
    await blobs.put(world.teamId, Buffer.from('and this'));
    const section = page.getByRole('region', { name: 'Unused blobs' });
    await section.getByRole('button', { name: 'Look for unused blobs' }).click();
    await section.getByText(/^2 blobs .* are unused/).waitFor();
    expect(await left()).toBe(2);
    await section.getByRole('button', { name: 'Remove 2 blobs' }).click();
    await section.getByText(/^2 blobs .* were removed/).waitFor();
    expect(await left()).toBe(0);
  });

  test('show members how long things are kept, and nothing to change it with', async () => {
    const { pool } = world.journal;
    await pool.query(`UPDATE "Team" SET "keepSnapshotDays" = 7 WHERE id = $1`, [world.teamId]);
    await pool.query(`UPDATE "Membership" SET role = 'MEMBER' WHERE "userId" = $1`, [world.userId]);
    await page.reload();
    const kept = page.getByRole('list', { name: 'Retention' }).getByRole('listitem');
    await kept.filter({ hasText: 'Transcripts' }).getByText('Kept for good').waitFor();
    await kept.filter({ hasText: 'Snapshots' }).getByText('Kept for 7 days').waitFor();
    expect(await page.getByRole('form', { name: 'Retention' }).count()).toBe(0);
    expect(await page.getByRole('region', { name: 'Unused blobs' }).count()).toBe(0);
    await pool.query(`UPDATE "Membership" SET role = 'ADMIN' WHERE "userId" = $1`, [world.userId]);
  });

  test('make a team, which is then among one’s own', async () => {
    await page.goto(`${gateway.url}/settings/new-team`);
    await page.getByLabel('Name').fill('Payments');
    await page.getByRole('button', { name: 'Create team' }).click();
    await page.getByRole('heading', { name: 'Payments', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Payments admin' }).first().waitFor();
  });

  test.each([
    ['wide', { width: 1440, height: 900 }],
    ['phone', { width: 390, height: 844 }],
  ])('have nothing that axe finds, and nothing beyond the edge: %s', async (_name, size) => {
    await page.setViewportSize(size);
    const found: string[] = [];
    for (const address of ['tokens', `team/${world.teamId}`, `audit/${world.teamId}`, 'new-team']) {
      await page.goto(`${gateway.url}/settings/${address}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await page.locator('.settings-lead').first().waitFor();
      if (address.startsWith('team')) await page.getByRole('region', { name: 'Unused blobs' }).waitFor();
      await page.evaluate(axe.source);
      const violations = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run: (root: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const { violations } = await axe.run(document, { resultTypes: ['violations'] });
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
      });
      found.push(...violations.map((violation) => `${address}: ${violation}`));
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    }
    expect(found).toEqual([]);
  });

  test('sign the browser out', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${gateway.url}/settings/tokens`);
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await page.getByText('This browser is not signed in').waitFor();
    await page.goto(await signInLink());
    await page.getByRole('link', { name: 'Settings' }).first().waitFor();
  });

  test('complain of nothing', () => {
    expect(browser.complaints.filter((text) => !/WebSocket|Failed to load resource/.test(text))).toEqual([]);
  });
});
