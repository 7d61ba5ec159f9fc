import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildViewer, openBrowser } from './test/browser.ts';
import { fill, scenarios } from './test/scenarios.ts';
import { StandIn } from './test/standIn.ts';
import { StandInWorker } from './test/standInWorker.ts';

let viewer: Awaited<ReturnType<typeof buildViewer>>;
let browser: Browser;
let standIn: StandIn;
let url: string;
/** What went wrong in the page: defects, and what its Content-Security-Policy has blocked. */
let problems: string[];

beforeAll(async () => {
  [viewer, browser] = await Promise.all([buildViewer(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await viewer?.remove();
});
beforeEach(async () => {
  problems = [];
  standIn = new StandIn(viewer.directory);
  url = await standIn.listen();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await standIn.close();
  if (problems.length > 0) throw new Error(`The page has defects:\n${problems.join('\n')}`);
});

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // A gateway that is away is what some tests are about.
    if (message.type() === 'error' && !/WebSocket|ERR_|Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
  await page.goto(url + path);
  return page;
}

const row = (page: Page, title: string) => page.locator('.run-row').filter({ hasText: title });
const optionLike = async (select: Locator, words: string): Promise<string> =>
  (await select.getByRole('option').allInnerTexts()).find((text) => text.includes(words)) ?? words;
const transcript = (page: Page) => page.getByRole('log', { name: 'Transcript' });

describe('the runs page', () => {
  test('shows runs as they come and change, each in one row, without a reload', async () => {
    const page = await open('/');
    await page.getByText('No runs yet').waitFor();
    const run = standIn.world.addRun({ title: 'Retry deliveries' });
    const worker = new StandInWorker(standIn.world, run);
    worker.message('make');
    await row(page, 'Retry deliveries').getByText('waiting for a worker').waitFor();
    worker.start();
    worker.itemStart({ title: 'make test' });
    await row(page, 'Retry deliveries').getByText('make test').waitFor();
    worker.itemEnd(worker.itemStart({ title: 'make' }));
    worker.endTurn();
    worker.close();
    await page.locator('section[aria-label=Today]').getByText('Retry deliveries').waitFor();
    await row(page, 'Retry deliveries').getByRole('img', { name: '1 session: succeeded' }).waitFor();
    worker.followUp('make again');
    worker.open();
    await row(page, 'Retry deliveries').getByRole('img', { name: '2 sessions: handed on, queued' }).waitFor();
    expect(await page.locator('.run-row').count()).toBe(1);
  });

  test('asks for everything again after the connection was lost', async () => {
    const page = await open('/');
    await page.getByText('Live', { exact: true }).first().waitFor();
    standIn.away = true;
    standIn.dropSockets();
    await page.getByText('Reconnecting').waitFor();
    standIn.world.addRun({ title: 'Made meanwhile' });
    standIn.away = false;
    await row(page, 'Made meanwhile').waitFor();
  });

  test('keeps its filters in the address, and holds a long list page by page', async () => {
    for (let n = 0; n < 230; n += 1) {
      const run = standIn.world.addRun({ title: `Run number ${n}`, origin: n % 2 ? 'CLI' : 'API' });
      new StandInWorker(standIn.world, run).message('true');
    }
    const page = await open('/?origin=CLI&text=number%201');
    await row(page, 'Run number 199').waitFor();
    expect(await row(page, 'Run number 200').count()).toBe(0);
    await page.getByRole('button', { name: 'Clear' }).click();
    const list = page.getByRole('region', { name: 'List of runs' });
    await expect
      .poll(async () => {
        await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
        return page.getByText('Run number 0', { exact: true }).count();
      })
      .toBeGreaterThan(0);
    // Far fewer rows are in the page than in the list.
    expect(await page.locator('.run-row').count()).toBeLessThan(100);
  });

  test('leads from nothing to the first run: an environment, then the task', async () => {
    const page = await open('/');
    await page.getByRole('main').getByRole('button', { name: 'New run' }).last().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Repository').fill('-x');
    await dialog.getByRole('button', { name: 'Create environment' }).click();
    await dialog.getByRole('alert').getByText('not the address of a repository').waitFor();
    await dialog.getByLabel('Repository').fill('/srv/repositories/ledger');
    await dialog.getByLabel('Push the run’s branch when a session ends').check();
    await dialog.getByRole('button', { name: 'Create environment' }).click();
    await dialog.getByRole('textbox', { name: 'Script' }).fill('npm test\n');
    await page.keyboard.press('Control+Enter');
    await page.waitForURL(/\/runs\/run_/);
    await page.getByRole('heading', { name: 'npm test' }).waitFor();
    expect(standIn.world.environments).toMatchObject([{ name: 'ledger', repositories: [{ push: true }] }]);
    const [run] = standIn.world.runs.values();
    expect(run?.setting).toMatchObject({ origin: 'MANUAL', title: 'npm test' });
  });

  test('is worked by keys', async () => {
    fill(standIn.world);
    const page = await open('/');
    await row(page, 'Rotate the signing keys').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Rotate the signing keys' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('the slow checkout');
    await page.getByRole('option', { name: /Trace the slow checkout query/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Trace the slow' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.waitForURL(`${url}/`);
  });
});

describe('the secrets of an environment', () => {
  test('are set, replaced and removed, and their values are never shown', async () => {
    standIn.world.addEnvironment({ name: 'ledger' });
    const page = await open('/environments');
    await page.getByRole('button', { name: 'Secrets of ledger' }).click();
    await page.getByRole('button', { name: 'New secret' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('BATON_TOKEN');
    await dialog.getByLabel('Value').fill('hunter2hunter3');
    expect(await dialog.getByLabel('Value').getAttribute('type')).toBe('password');
    await dialog.getByRole('button', { name: 'Set secret' }).click();
    await dialog.getByRole('alert').getByText('Baton’s own').waitFor();
    await dialog.getByLabel('It is a').selectOption('GIT_HTTPS_TOKEN');
    await dialog.getByLabel('Name', { exact: true }).fill('GIT_TOKEN');
    await dialog.getByLabel('Host of the repositories').fill('git.example.com');
    await dialog.getByRole('button', { name: 'Set secret' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'GIT_TOKEN' });
    await row.getByText('git.example.com', { exact: true }).waitFor();
    expect(await page.content()).not.toContain('hunter2');

    await page.getByRole('button', { name: 'Replace GIT_TOKEN' }).click();
    expect(await dialog.getByLabel('Value').inputValue()).toBe('');
    await dialog.getByLabel('Value').fill('another value');
    await dialog.getByRole('button', { name: 'Set secret' }).click();
    await page.getByRole('button', { name: 'Remove GIT_TOKEN' }).click();
    await dialog.getByText('cannot be brought back').waitFor();
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('no secrets yet').waitFor();
  });
});

describe('the run page', () => {
  test('streams a session, and opens the next one for a follow-up with the workspace restored', async () => {
    const run = standIn.world.addRun({ title: 'Count to three' });
    const worker = new StandInWorker(standIn.world, run);
    worker.message('count');
    const page = await open(`/runs/${run.id}`);
    await page.getByText('waits for its turn').waitFor();
    worker.start();
    await page.getByRole('heading', { name: 'Session 1' }).waitFor();
    const item = worker.itemStart({ title: 'count' });
    for (const line of ['one', '\u001b[31mtwo\u001b[0m', 'three']) worker.itemChunk(item, `${line}\n`);
    await page
      .getByRole('group', { name: /^Output of/ })
      .getByText('three')
      .waitFor();
    await page.getByText('Joins session 1 as its next turn').waitFor();
    worker.itemEnd(item);
    worker.endTurn();
    worker.close('SUCCEEDED', { changes: [] });
    await page.getByText('Session 1 ended').waitFor();
    await page.getByText(/Opens session 2: conversation kept, workspace of session 1 restored/).waitFor();

    await page.getByRole('textbox', { name: 'Follow-up' }).fill('count again');
    await page.keyboard.press('Control+Enter');
    await transcript(page).getByText('count again').waitFor();
    expect(await page.getByRole('textbox').inputValue()).toBe('');
    worker.start();
    await page.getByRole('heading', { name: 'Session 2' }).waitFor();
    await page.getByRole('region', { name: /Handoff from session 1/ }).waitFor();
    expect(await transcript(page).getByText('count again').count()).toBe(1);
    // A reader at the end stays there, whatever comes in.
    worker.command({ title: 'count again', output: ['one\n'.repeat(80)] });
    await transcript(page).getByText('Ran').last().waitFor();
    expect(await page.locator('.to-live').count()).toBe(0);
    expect([...run.messages.values()].map(({ text }) => text)).toEqual(['count', 'count again']);
  });

  test('continues a run on the newest base, by keys, and shows each conflict with what to do', async () => {
    const run = scenarios.ended(standIn.world);
    const page = await open(`/runs/${run.id}`);
    await page.getByRole('button', { name: 'Continue from…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Continue in a new session' });
    await dialog.getByRole('textbox', { name: 'First message' }).fill('npm test');
    const base = dialog.getByRole('combobox', { name: 'Base' });
    await base.focus();
    await page.keyboard.type('Start');
    await dialog.getByText(/merged with the newest/).waitFor();
    await base.selectOption({ label: await optionLike(base, 'beside') });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Continue from…' }).click();
    await dialog.getByRole('combobox', { name: 'Base' }).selectOption({ label: await optionLike(base, 'beside') });
    await dialog.getByRole('combobox', { name: 'Workspace' }).selectOption('none');
    expect(await base.count()).toBe(0);
    await dialog.getByRole('combobox', { name: 'Workspace' }).selectOption('');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await transcript(page)
      .getByText(/on the newest base, conflicts beside the files/)
      .waitFor();
    expect(run.log.find(({ event }) => event.type === 'run.continued')?.event).toMatchObject({ newest: 'BESIDE' });

    const conflicts = scenarios.conflicts(standIn.world);
    await page.goto(`${url}/runs/${conflicts.id}`);
    const handoff = page.getByRole('region', { name: /Handoff from session 1/ });
    await handoff.getByText(/on the newest main \(c41f7e9\)/).waitFor();
    await handoff.getByText(/between conflict markers/).waitFor();
  });

  test('says what was pushed when a session ended, what was not and why, and shows the branch with the run', async () => {
    const run = standIn.world.addRun({ title: 'Push' });
    const worker = new StandInWorker(standIn.world, run);
    worker.message('git commit');
    worker.start();
    const page = await open(`/runs/${run.id}`);
    await page.getByRole('heading', { name: 'Session 1' }).waitFor();
    worker.endTurn();
    worker.close('SUCCEEDED', { changes: [] }, [
      { url: 'https://git.example.com/platform/ledger.git' },
      { url: '/srv/docs', refused: '/srv/docs refused the push: pre-receive hook declined\nNo ticket.' },
    ]);
    await transcript(page)
      .locator('.line')
      .filter({ hasText: `Pushed ${run.branch}` })
      .getByText('to ledger: 3 commits, 4e1b7c9')
      .waitFor();
    const refused = transcript(page)
      .getByRole('note')
      .filter({ hasText: `${run.branch} was not pushed to docs.` });
    await refused.getByText('No ticket.').waitFor();
    await refused.getByText('REJECTED').waitFor();
    const artifacts = page.getByRole('region', { name: 'Artifacts' });
    await artifacts.getByText(run.branch ?? '', { exact: true }).waitFor();
    await artifacts.getByText('3 commits').waitFor();
    await page.getByRole('link', { name: 'Details' }).click();
    await page.getByText('https://git.example.com/platform/ledger.git').first().waitFor();
  });

  test('resumes a stream that was cut off: says so, loses nothing, shows nothing twice', async () => {
    const run = standIn.world.addRun({ title: 'Count' });
    const worker = new StandInWorker(standIn.world, run);
    worker.message('count');
    worker.start();
    const item = worker.itemStart({ title: 'count' });
    const page = await open(`/runs/${run.id}`);
    const output = page.getByRole('group', { name: /^Output of/ });
    worker.itemChunk(item, 'line 0\n');
    await output.getByText('line 0').waitFor();
    standIn.away = true;
    standIn.dropSockets();
    await page.getByText('Reconnecting.').waitFor();
    await page.getByText('Not connected').waitFor();
    for (let line = 1; line < 50; line += 1) worker.itemChunk(item, `line ${line}\n`);
    standIn.away = false;
    await page.getByRole('button', { name: 'Try now' }).click();
    await output.getByText('line 49').waitFor();
    await page.getByText('Nothing was missed').waitFor();
    const lines = (await output.innerText()).trim().split('\n');
    expect(lines).toEqual(Array.from({ length: 50 }, (_, line) => `line ${line}`));
  });

  test('keeps a message that is written while it is cut off, and sends it once', async () => {
    const { idle } = fill(standIn.world);
    const page = await open(`/runs/${idle.id}`);
    await page.getByText('Session 1 starts on it at once').waitFor();
    standIn.away = true;
    standIn.dropSockets();
    await page.getByText('Not connected').waitFor();
    await page.getByRole('textbox', { name: 'Message' }).fill('echo kept');
    await page.getByRole('button', { name: 'Keep' }).click();
    await page.getByText('waits here for the connection').waitFor();
    // It outlives the page.
    standIn.away = false;
    await page.reload();
    await transcript(page).getByText('echo kept').waitFor();
    await expect.poll(() => [...idle.messages.values()].filter(({ text }) => text === 'echo kept').length).toBe(1);
    await page.getByText('waits for its turn').waitFor();
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('took it back').waitFor();
  });

  test('shows a message once whose answer was lost on the way', async () => {
    const { idle } = fill(standIn.world);
    const page = await open(`/runs/${idle.id}`);
    await page.getByText('Session 1 starts on it at once').waitFor();
    standIn.mute = true;
    await page.getByRole('textbox', { name: 'Message' }).fill('echo once');
    await page.keyboard.press('Control+Enter');
    await page.getByText('waits for its turn').waitFor();
    expect(await transcript(page).getByText('echo once').count()).toBe(1);
    expect(await page.getByText('waits here for the connection').count()).toBe(0);
    standIn.mute = false;
    await page.reload();
    await page.getByText('waits for its turn').waitFor();
    expect(await transcript(page).getByText('echo once').count()).toBe(1);
    expect([...idle.messages.values()].filter(({ text }) => text === 'echo once')).toHaveLength(1);
  });

  test('shows an agent at work: its plan, its tools with what they changed, and what it said as prose', async () => {
    const { agent } = fill(standIn.world);
    const page = await open(`/runs/${agent.id}`);
    const log = transcript(page);
    await log.getByText('The agent remembers the sessions before').waitFor();
    expect(await log.locator('.plan li').allTextContents()).toEqual([
      'done: Find where a delivery is tried again',
      'done: Read Retry-After as seconds and as a date',
      'in progress: Test both, and a date in the past',
    ]);
    const diff = log.getByRole('region', { name: 'Diff of src/webhooks/backoff.ts' });
    await diff.getByText('retryAfter').first().waitFor();
    expect(await diff.locator('tr.add').count()).toBe(2);
    await log.locator('strong', { hasText: 'seconds' }).first().waitFor();
    // A search is folded until someone asks for it.
    const found = log.getByText('src/webhooks/delivery.ts:93');
    expect(await found.count()).toBe(0);
    await log.locator('summary', { hasText: 'backoff( in src/' }).click();
    await found.waitFor();
    await log.getByText('pattern', { exact: true }).waitFor();
    await page.goto(`${url}/runs/${agent.id}/details`);
    await page.getByText('98k tokens').first().waitFor();
    await page.getByText(/96k tokens read, 82k of them from the cache/).waitFor();
  });

  test('takes the answer to a prompt by a key', async () => {
    const { blocked } = fill(standIn.world);
    const page = await open(`/runs/${blocked.id}`);
    const prompt = page.getByRole('region', { name: 'terraform apply plan' });
    await prompt.focus();
    await page.keyboard.press('3');
    await page.getByText('“Deny”, by Mira Okafor').waitFor();
    expect(blocked.state.prompt).toMatchObject({ state: 'ANSWERED', answer: { optionId: 'o3' } });
  });

  test('offers the text of a message that came back, and the reason to those who may not write', async () => {
    const { returned, ended } = fill(standIn.world);
    const page = await open(`/runs/${returned.id}`);
    await page.getByText('Your message came back').waitFor();
    expect(await page.getByRole('textbox', { name: 'Follow-up' }).inputValue()).toBe('npm run import -- --twice');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => returned.state.state).toBe('QUEUED');
    standIn.world.role = 'VIEWER';
    await page.goto(`${url}/runs/${ended.id}`);
    await page.getByText('You can view this team’s runs but not change them.').waitFor();
  });

  test('opens a long run at its end, loads what came before in place, and follows a link into it', async () => {
    const run = standIn.world.addRun({ title: 'Long' });
    const worker = new StandInWorker(standIn.world, run);
    worker.message('many');
    worker.start();
    for (let n = 0; n < 900; n += 1) worker.command({ title: `step ${n}`, output: [`did ${n}\n`] });
    const page = await open(`/runs/${run.id}`);
    await transcript(page).getByText('did 899', { exact: true }).waitFor();
    expect(await transcript(page).getByText('did 700', { exact: true }).count()).toBe(0);
    const early = run.log.find(({ event }) => event.type === 'item.started' && event.title === 'step 300')?.seq ?? 0;
    await page.evaluate((hash) => (location.hash = hash), `#e-${early}`);
    const linked = page.locator(`#e-${early}`);
    await linked.waitFor();
    await expect.poll(() => linked.evaluate((element) => Math.round(element.getBoundingClientRect().top))).toBeLessThan(400);
    await page.getByRole('button', { name: 'Live' }).click();
    worker.command({ title: 'last', output: ['the very end\n'] });
    await transcript(page).getByText('the very end', { exact: true }).waitFor();
  });

  test('is not harmed by ten megabytes of output: keeps the beginning and the end, and can save all of it', async () => {
    const { flood } = fill(standIn.world);
    const page = await open(`/runs/${flood.id}`);
    await page.getByText('of output; the beginning and the end are shown').waitFor();
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(8_000);
    const download = page.waitForEvent('download', { timeout: 20_000 });
    await page.getByRole('button', { name: 'Save all of it' }).click();
    const text = readFileSync((await (await download).path()) ?? '', 'utf8');
    expect(text.length).toBe(
      flood.log.reduce((sum, { event }) => sum + (event.type === 'item.chunk' ? event.text.length : 0), 0),
    );
  });

  test('shows the changes of a snapshot as diffs, and remembers what was viewed', async () => {
    const { ended } = fill(standIn.world);
    const page = await open(`/runs/${ended.id}/changes`);
    const file = page.getByRole('region', { name: 'src/webhooks/backoff.ts', exact: true });
    await file.getByText('retryAfter').first().waitFor();
    await file.getByLabel('Viewed').check();
    await page.reload();
    await page.getByText('1 viewed').waitFor();
    await page.getByText('A binary file').waitFor();
  });

  test('compares the snapshots of two sessions: files, what moved, nothing at all, and one that is gone', async () => {
    const { lost } = fill(standIn.world);
    const worker = new StandInWorker(standIn.world, lost);
    worker.followUp('one more');
    worker.open();
    worker.take();
    worker.opened();
    worker.restored([]);
    worker.beginTurn();
    worker.endTurn();
    const paths = Array.from({ length: 60 }, (_, n) => `docs/page-${String(n).padStart(2, '0')}.md`);
    const change = { repository: '.', status: 'ADDED', oldPath: null, additions: 1, deletions: 0 } as const;
    const patch = paths.map(
      (path) =>
        `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1,1 @@\n+of ${path}\n`,
    );
    worker.close('SUCCEEDED', { changes: paths.map((path) => ({ ...change, path })), patch: patch.join('') });
    const [first, second, third] = lost.sessions.flatMap(({ snapshot }) => snapshot?.id ?? []);

    const page = await open(`/runs/${lost.id}/changes`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await page.getByLabel('Compare from').selectOption({ value: first ?? '' });
    await page
      .getByRole('region', { name: 'docs/page-00.md', exact: true })
      .getByText('of docs/page-00.md', { exact: true })
      .waitFor();
    expect(new URL(page.url()).searchParams.get('from')).toBe(first);
    await page.getByRole('list', { name: 'What moved' }).getByText('1 ref moved').waitFor();
    expect(await page.getByRole('region', { name: /^docs\/page/ }).count()).toBe(50);
    await page.getByRole('button', { name: 'Show more of 10 files' }).press('Enter');
    await page.getByRole('region', { name: 'docs/page-59.md', exact: true }).waitFor();

    await page.getByLabel('Snapshot', { exact: true }).selectOption({ value: second ?? '' });
    await page.getByRole('heading', { name: 'Nothing changed between session 1 and session 3' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Nothing changed between' }).waitFor();

    lost.gone.add(third ?? '');
    await page.getByLabel('Snapshot', { exact: true }).selectOption({ value: third ?? '' });
    await page.getByText('can no longer be read').waitFor();
    lost.gone.clear();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('of docs/page-00.md', { exact: true }).waitFor();
    await page.getByLabel('Compare from').selectOption('The base');
    await page.getByText('60 files', { exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get('from')).toBeNull();
  });

  test('offers on a phone what there is to do with the entry that was tapped', async () => {
    const { ended } = fill(standIn.world);
    const page = await open(`/runs/${ended.id}`, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const message = transcript(page).locator('[data-kind=TURN]').last();
    const other = transcript(page).locator('[data-kind=TURN_ENDED]').last();
    const redact = message.getByRole('button', { name: /^Redact event/ });
    const shown = (): Promise<string> => redact.evaluate((button) => getComputedStyle(button).opacity);
    await message.waitFor();
    expect(await shown()).toBe('0');
    await message.tap();
    await expect.poll(shown).toBe('1');
    expect((await redact.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await other.tap();
    await expect.poll(shown).toBe('0');
    await message.tap();
    await redact.tap();
    await page
      .getByRole('dialog', { name: 'Redact this?' })
      .getByLabel(/^Reason/)
      .waitFor();
  });

  test('says how to sign in when the sign-in has ended', async () => {
    const { running } = fill(standIn.world);
    const page = await open(`/runs/${running.id}`);
    await page.getByText('Session 2 is running').waitFor();
    standIn.signedOut = true;
    standIn.closeSockets(4403);
    await page.getByText('You are signed out').waitFor();
    await page.getByText('node bin/baton.mjs link').waitFor();
  });
});

describe('every view', () => {
  const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run: (root: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const found = await axe.run(document, { resultTypes: ['violations'] });
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
    });
  }

  test.each([
    ['wide', 'light'],
    ['wide', 'dark'],
    ['phone', 'light'],
    ['phone', 'dark'],
  ] as const)('has nothing that axe finds, %s and %s', { timeout: 300_000 }, async (size, colorScheme) => {
    const runs = fill(standIn.world);
    const page = await open('/', { viewport: sizes[size], colorScheme });
    const found: string[] = [];
    const look = async (name: string): Promise<void> => {
      for (const violation of await violations(page)) found.push(`${name}: ${violation}`);
    };
    const heading = (name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();
    await row(page, 'Rotate the signing keys').waitFor();
    await look('runs');
    await page.getByRole('button', { name: 'New run' }).click();
    await page.getByRole('dialog').getByLabel('Environment').waitFor();
    await look('new run');
    for (const [name, run] of Object.entries(runs)) {
      await page.goto(`${url}/runs/${run.id}`);
      await transcript(page).getByText('created the run').or(transcript(page).getByText('Show')).first().waitFor();
      await look(name);
    }
    await page.goto(`${url}/runs/${runs.ended.id}/changes`);
    await page.getByText('retryAfter').first().waitFor();
    await look('changes');
    const [from] = runs.lost.sessions.flatMap(({ snapshot }) => snapshot?.id ?? []);
    await page.goto(`${url}/runs/${runs.lost.id}/changes?from=${from}`);
    await heading('Nothing changed between');
    await look('compared');
    await page.goto(`${url}/runs/${runs.conflicts.id}/details`);
    await heading('For operators');
    await look('details');
    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
    await look('palette');
    await page.goto(`${url}/environments`);
    await heading('payments-api');
    await look('environments');
    await page.getByRole('button', { name: 'Secrets of payments-api' }).click();
    await page.getByText('no secrets yet').waitFor();
    await look('secrets');
    await page.getByRole('button', { name: 'New secret' }).click();
    await page.getByLabel('It is a').selectOption('GIT_SSH_KEY');
    await look('new secret');
    await page.goto(`${url}/runs/run_none`);
    await heading('There is no such run');
    await look('no such run');
    expect(found).toEqual([]);
  });
});
