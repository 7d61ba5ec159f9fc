import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { findChromium } from './chromium.ts';

/** A real browser with an empty profile. */
export interface TestBrowser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page complained of: errors of scripts, on the console, of requests. */
  readonly complaints: string[];
  close(): Promise<void>;
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowser(size = { width: 1440, height: 900 }): Promise<TestBrowser> {
  const profile = await mkdtemp(path.join(tmpdir(), 'baton-browser-'));
  const { path: executablePath } = await findChromium();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: flags,
    viewport: size,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.setDefaultTimeout(20_000);
  return {
    context,
    page,
    complaints,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
