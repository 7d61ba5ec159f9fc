import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from './support/browser.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { client, createToken, removeSettings, startTestGateway, testSettings, type TestSettings } from './support/gateway.ts';
import { createTestRun, createWorld, openTestJournal, type World } from './support/journal.ts';
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
  settings = await testSettings(database.url, { BATON_WEB_ROOT: webRoot });
  gateway = await startTestGateway(settings);
  world = await createWorld(openTestJournal(database.url), 'Mira Okafor');
  await world.journal.pool.query(`UPDATE "Membership" SET role = 'ADMIN'`);
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
    expect(await page.getByLabel('Role of Mira Okafor').inputValue()).toBe('ADMIN');
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
      await page.locator('.settings-lead').waitFor();
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
