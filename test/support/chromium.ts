import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { chromium as playwright } from 'playwright-core';
import { packageManager } from '../../stack/tools/packageManager.ts';
import { findTool, isExecutable, onPath, type FoundTool, type Source, type Tool } from '../../stack/tools/tool.ts';
import { search } from './search.ts';

const run = promisify(execFile);
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const reachWithinMs = 5_000;
const downloadMs = 10 * 60_000;

const downloaded: Source = {
  name: "Playwright's downloads",
  find: async () => ((await isExecutable(playwright.executablePath())) ? [playwright.executablePath()] : []),
};

const download: Source = {
  name: "Playwright's download",
  async find({ progress, machine }) {
    // Its own attempts last minutes in a closed network.
    await fetch('https://cdn.playwright.dev', { method: 'HEAD', signal: AbortSignal.timeout(reachWithinMs) });
    progress('downloading Chromium');
    const cli = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
    await run(process.execPath, [cli, 'install', 'chromium', '--no-shell'], { env: machine.environment, timeout: downloadMs });
    return [playwright.executablePath()];
  },
};

const chromium: Tool = {
  name: 'Chromium',
  sources: [onPath(...names), downloaded, download, packageManager('chromium', ...names)],
  versionArguments: ['--version'],
  refuse: (output) => (/chrom/i.test(output) ? null : `is no Chromium, it says: ${output.split('\n')[0]}`),
  advice:
    'The tests of the page need it. Any of these brings it:\n' +
    '  npx playwright-core install chromium\n' +
    '  apt-get install -y chromium   (as root; dnf and pacman have it by the same name)',
};

/** A Chromium for tests: found, downloaded, or installed. Throws a Problem that says what to type. */
export function findChromium(): Promise<FoundTool> {
  return findTool(chromium, search);
}
