import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gateway } from '../server/gateway.ts';
import { openBrowser, type TestBrowser } from './support/browser.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { removeSettings, startTestGateway, testSettings, type TestSettings } from './support/gateway.ts';
import { startTestProvider, testClient, type TestProvider } from './support/oidcProvider.ts';

/** The viewer as it is built, with a real provider, in a real browser. `npm test` builds it first. */
const webRoot = fileURLToPath(new URL('../dist/web', import.meta.url));

let database: TestDatabase;
let settings: TestSettings;
let provider: TestProvider;
let gateway: Gateway;
let browser: TestBrowser;

beforeAll(async () => {
  if (!existsSync(path.join(webRoot, 'index.html'))) throw new Error('The viewer is not built. Run: npm run build');
  database = await createTestDatabase();
  provider = await startTestProvider();
  settings = await testSettings(database.url, {
    BATON_WEB_ROOT: webRoot,
    BATON_OIDC_ISSUER: provider.issuer,
    BATON_OIDC_CLIENT_ID: testClient.id,
    BATON_OIDC_CLIENT_SECRET: testClient.secret,
    BATON_OIDC_LABEL: 'Example',
    BATON_OIDC_ALLOWED_DOMAINS: 'example.com',
    BATON_OIDC_TEAM: 'everyone',
  });
  gateway = await startTestGateway(settings);
  await provider.serve(`${gateway.url}/sign-in/oidc/callback`, {
    ada: { email: 'ada@example.com', email_verified: true, name: 'Ada Root' },
  });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  await provider?.stop();
  if (settings) await removeSettings(settings);
  await database?.drop();
});

test('a browser signs in at the provider, comes back to the page it was on, and signs out', async () => {
  const { page } = browser;
  await page.goto(`${gateway.url}/environments`);
  await page.getByRole('link', { name: 'Sign in with Example' }).click();
  await page.getByPlaceholder(/login/i).fill('ada');
  await page.getByPlaceholder(/password/i).fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: /continue/i }).click();
  await page.getByRole('heading', { name: 'Environments', level: 1 }).waitFor();
  expect(page.url()).toBe(`${gateway.url}/environments`);
  await page.getByText('Signed in as Ada Root').waitFor({ state: 'attached' });
  await page.goto(`${gateway.url}/settings/tokens`);
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.getByRole('link', { name: 'Sign in with Example' }).waitFor();
});
