import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from './support/browser.ts';
import { ended, startTestSystem, type TestSystem } from './support/system.ts';

/** Exports, redaction and deletion in the built viewer, on a whole system, in a real browser. */
const webRoot = fileURLToPath(new URL('../dist/web', import.meta.url));

let system: TestSystem;
let browser: TestBrowser;
let page: Page;
let environmentId: string;

beforeAll(async () => {
  if (!existsSync(path.join(webRoot, 'index.html'))) throw new Error('The viewer is not built. Run: npm run build');
  system = await startTestSystem({ BATON_WEB_ROOT: webRoot });
  await system.startWorker();
  environmentId = await system.createEnvironment();
  browser = await openBrowser();
  ({ page } = browser);
  const { url } = (await system.ask('mutation { createSignInLink { url } }')).createSignInLink;
  await page.goto(url);
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const transcript = (on = page) => on.getByRole('log', { name: 'Transcript' });
const menu = async (item: RegExp) => {
  await page.getByRole('button', { name: 'More to do with this run', exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
};
const openRun = (runId: string, on = page) => on.goto(`${system.gateway.url}/runs/${runId}`);
const finish = async (text: string, title: string) => {
  const runId = await system.createRun(environmentId, text, { title });
  await system.runUntil(runId, 'id', ended);
  return runId;
};
describe('the viewer', () => {
  test('downloads a run as Markdown, as JSON lines and as a bundle', async () => {
    const runId = await finish('echo it works; echo kept > kept.txt', 'To be exported');
    await openRun(runId);
    await transcript().getByText('it works').first().waitFor();
    await menu(/Export…/);
    const dialog = page.getByRole('dialog', { name: 'Export the run' });
    const download = async (name: RegExp) => {
      const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('link', { name }).click()]);
      return { name: file.suggestedFilename(), path: await file.path() };
    };
    const markdown = await download(/Markdown/);
    expect(markdown.name).toBe(`${runId}.md`);
    expect(await readFile(markdown.path, 'utf8')).toContain('# To be exported');
    const lines = await download(/JSON lines/);
    expect(lines.name).toBe(`${runId}.jsonl`);
    expect(await readFile(lines.path, 'utf8')).toContain('it works');
    const bundle = await download(/bundle/);
    expect(bundle.name).toMatch(/^snp_.*\.tar$/);
    expect(execFileSync('tar', ['-tf', bundle.path], { encoding: 'utf8' })).toContain('worktree/kept.txt');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('redacts what a command printed, at once for everyone who watches', async () => {
    const runId = await finish('echo the password is hunter2', 'With a secret');
    const other = await browser.context.newPage();
    await openRun(runId, other);
    await transcript(other).getByText('the password is hunter2').last().waitFor();
    await openRun(runId);
    const item = transcript().locator('[data-kind=ITEM]').filter({ hasText: 'hunter2' }).last();
    await item.hover();
    await item.getByRole('button', { name: /Redact event/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Redact this?' });
    await dialog.getByLabel(/Reason/).fill('a password');
    await dialog.getByRole('button', { name: 'Redact' }).click();
    await dialog.waitFor({ state: 'detached' });
    for (const on of [page, other]) {
      await transcript(on).getByText('What the agent did here was redacted').first().waitFor();
      await transcript(on).locator('[data-kind=REDACTED]').getByText('a password').waitFor();
      await on.waitForFunction(
        () => ![...document.querySelectorAll('[data-kind=ITEM]')].some((one) => one.textContent?.includes('hunter2')),
      );
    }
    // The message that named it, too.
    const message = transcript().locator('[data-kind=TURN]').first();
    await message.hover();
    await message.getByRole('button', { name: /Redact event/ }).click();
    await dialog.getByLabel(/Reason/).fill('it names the password');
    await dialog.getByRole('button', { name: 'Redact' }).click();
    await transcript().getByText('This message was redacted by Mira: it names the password').waitFor();
    expect(await transcript().innerText()).not.toContain('hunter2');
    await other.reload();
    await transcript(other).getByText('This message was redacted').waitFor();
    expect(await other.locator('body').innerText()).not.toContain('hunter2');
    await other.close();
  });

  test('offers to delete a run when it has ended, asks once, and tells lists and pages that show it', async () => {
    const runId = await system.createRun(environmentId, 'sleep 600', { title: 'To be deleted' });
    await system.runUntil(runId, 'liveSession { state }', (run) => run.liveSession?.state === 'RUNNING');
    await openRun(runId);
    await page.getByRole('button', { name: 'More to do with this run', exact: true }).click();
    const item = page.getByRole('menuitem', { name: /Delete…/ });
    expect(await item.getAttribute('aria-disabled')).toBe('true');
    await item.getByText('Cancel it, then delete it').waitFor();
    await page.keyboard.press('Escape');
    await system.mutate('cancelRun', { runId });
    await system.runUntil(runId, 'liveSession { id }', (run) => ended(run) && run.liveSession === null);

    const list = await browser.context.newPage();
    await list.goto(`${system.gateway.url}/`);
    await list.getByText('To be deleted').first().waitFor();
    const watching = await browser.context.newPage();
    await openRun(runId, watching);
    await watching.getByRole('heading', { name: 'To be deleted' }).first().waitFor();

    await page.bringToFront();
    await page.getByText('Canceled').first().waitFor();
    await menu(/Delete…/);
    const dialog = page.getByRole('dialog', { name: 'Delete the run?' });
    await dialog.getByText('goes for good, for everyone').waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`${system.gateway.url}/`);
    await page.getByText('With a secret').first().waitFor();
    expect(await page.getByText('To be deleted').count()).toBe(0);
    await list.getByText('To be deleted').first().waitFor({ state: 'detached' });
    await watching.getByText('This run is gone').waitFor();
    await list.close();
    await watching.close();
  });

  test('complains of nothing', () => {
    expect(browser.complaints).toEqual([]);
  });
});
