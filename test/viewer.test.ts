import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from './support/browser.ts';
import { startGate, type Gate } from './support/gate.ts';
import { ended, startTestSystem, type Shown, type TestSystem } from './support/system.ts';

/** The viewer as it is built, on a whole system, in a real browser. `npm test` builds it first. */
const webRoot = fileURLToPath(new URL('../dist/web', import.meta.url));

let gate: Gate;
let system: TestSystem;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  if (!existsSync(path.join(webRoot, 'index.html'))) throw new Error('The viewer is not built. Run: npm run build');
  gate = await startGate();
  system = await startTestSystem({ BATON_WEB_ROOT: webRoot, BATON_PUBLIC_URL: `http://${gate.address}` });
  gate.leadTo('127.0.0.1', system.gateway.port);
  await system.startWorker({ BATON_WORKER_NAME: 'eu-3' });
  browser = await openBrowser();
  ({ page } = browser);
  const { url } = (await system.ask('mutation { createSignInLink { url } }')).createSignInLink;
  await page.goto(url);
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await gate?.stop();
});

const transcript = () => page.getByRole('log', { name: 'Transcript' });
const heading = (ordinal: number, state: RegExp) =>
  page
    .getByRole('navigation', { name: 'Sessions of this run' })
    .getByText(`Session ${ordinal}`)
    .locator('xpath=ancestor::*[.//text()][1]/..')
    .getByText(state)
    .first();
const openRun = (runId: string) => page.goto(`http://${gate.address}/runs/${runId}`);
const say = async (text: string) => {
  await page.locator('#composer-field').fill(text);
  await page.keyboard.press('Control+Enter');
};
const outputInApi = async (runId: string) =>
  (await system.transcript(runId)).map((event: Shown) => (event.__typename === 'ItemChunkEvent' ? event.text : '')).join('');

describe('the viewer', () => {
  test('opens signed in by the link, on an empty list that leads to the first run', async () => {
    await page
      .getByRole('button', { name: /New run|first run/i })
      .first()
      .waitFor();
    expect(page.url()).toBe(`http://${gate.address}/`);
  });

  test('starts a run from nothing: the environment, the script, the transcript as it comes', async () => {
    await page
      .getByRole('button', { name: /New run|first run/i })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Environment').selectOption({ label: 'New environment…' });
    await dialog.getByPlaceholder('https://… or a path on the worker').fill(system.repository);
    await dialog.getByRole('button', { name: /Create environment/i }).click();
    await dialog.getByRole('button', { name: /Start run/i }).waitFor();
    await dialog.getByLabel('After a turn, the session').selectOption('0');
    await dialog.getByLabel('Script').fill('echo from the first session > note.txt\necho it works; sleep 1; echo and ends');
    await dialog.getByRole('button', { name: /Start run/i }).click();
    await transcript().getByText('it works').first().waitFor();
    await transcript().getByText('and ends').first().waitFor();
    await page.getByText('Succeeded').first().waitFor();
  });

  test('shows a follow-up after the end as a second session, with the handoff between them', async () => {
    await say('cat note.txt');
    await heading(2, /Succeeded/).waitFor();
    await transcript().getByText('from the first session').last().waitFor();
    await transcript()
      .getByRole('group', { name: /Handoff from session 1 to session 2/ })
      .or(page.getByLabel(/Handoff from session 1 to session 2/))
      .first()
      .waitFor();
    await page.goto(`http://${gate.address}/`);
    const rows = page.getByRole('img', { name: /2 sessions/ });
    await rows.first().waitFor();
    expect(await rows.count()).toBe(1);
  });

  test('shows transitions as they happen, without a reload', async () => {
    const environmentId = await system.createEnvironment();
    const runId = await system.createRun(environmentId, 'echo begun; sleep 600', { title: 'A long one' });
    await page.goto(`http://${gate.address}/`);
    await page.getByText('A long one').waitFor();
    await openRun(runId);
    await transcript().getByText('begun').first().waitFor();
    await page.evaluate(() => Object.assign(globalThis, { notReloaded: true }));
    await system.mutate('cancelRun', { runId });
    await page.getByText('Canceled').first().waitFor();
    expect(await page.evaluate(() => (globalThis as { notReloaded?: boolean }).notReloaded)).toBe(true);
  });

  test('resumes a stream that was cut in the middle with nothing lost and nothing doubled, and says so', async () => {
    const runId = await system.createRun(
      await system.createEnvironment(),
      'for i in $(seq 1 60); do echo "line $i."; sleep 0.1; done',
    );
    await openRun(runId);
    await transcript().getByText('line 5.').first().waitFor();
    gate.close();
    await page
      .getByText(/reconnecting/i)
      .first()
      .waitFor();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    gate.open();
    await page.getByText('Succeeded').first().waitFor({ timeout: 30_000 });
    await transcript().getByText('line 60.').first().waitFor();
    const shown = await page
      .getByRole('group', { name: /^Output of/ })
      .last()
      .innerText();
    expect(shown.match(/line \d+\./g)).toEqual(Array.from({ length: 60 }, (_, i) => `line ${i + 1}.`));
    expect(shown.replaceAll(/\s/g, '')).toContain((await outputInApi(runId)).replaceAll(/\s/g, ''));
  });

  test('asks the person what the script asks, and hands the answer on', async () => {
    const runId = await system.createRun(
      await system.createEnvironment(),
      'a=$(ask "Ship it?" --option yes=Ship --option no=Wait); echo "told: $a"',
    );
    await openRun(runId);
    await page.getByRole('button', { name: 'Ship' }).click();
    await transcript().getByText('told: yes').waitFor();
    await system.runUntil(runId, 'id', ended);
  });

  test('complains of nothing', () => {
    // Requests that the closed gate refused are the browser's to tell.
    expect(
      browser.complaints.filter((text) => !/ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket|Failed to load resource/.test(text)),
    ).toEqual([]);
  });
});
