import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { build } from 'vite';
import { findChromium } from '../../test/support/chromium.ts';

/** Builds the viewer as it is now into a directory of its own. */
export async function buildViewer(): Promise<{ directory: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-viewer-'));
  await build({
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    logLevel: 'error',
    build: { outDir: directory },
  });
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** A real browser without a window, that reaches nothing but this machine. */
export const openBrowser = async (): Promise<Browser> =>
  chromium.launch({
    executablePath: (await findChromium()).path,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    ],
  });
