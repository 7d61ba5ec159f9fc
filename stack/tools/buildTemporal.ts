import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { diskFullProblem, saysDiskFull } from '../problem.ts';
import { signalGroup } from '../processes/child.ts';
import { projectRoot } from '../projectRoot.ts';
import { temporalVersion } from './temporalVersions.ts';
import { onPath, type Search } from './tool.ts';

const program = 'github.com/temporalio/cli/cmd/temporal';
const buildMs = 30 * 60_000;
/** How many packages go into version 1.8.2, so that one can see how far a build is. */
const packages = 1_716;
const progressEveryMs = 1_000;

/**
 * Builds Temporal's command line with Go in the directory `draft`, and gives its path; what Go says goes into `log`.
 * Takes minutes. Throws when there is no Go, or the build fails.
 */
export async function buildTemporal(search: Search, version: string, draft: string, log: string): Promise<string> {
  const [go] = await onPath('go').find(search);
  if (go === undefined) throw new Error('there is no Go');
  const args = version === temporalVersion ? fromOurModule(version, draft) : byItsTag(version);
  writeFileSync(log, `$ go ${args.join(' ')}\n`);
  const build = new GoBuild(`${version} with Go`, log);
  await build.run(go, args, draft, search);
  return join(draft, 'temporal');
}

const options = (version: string) => [
  '-v',
  '-trimpath',
  '-buildvcs=false',
  `-ldflags=-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`,
];

/** Its go.sum pins every source, so that it is the same program everywhere. */
const fromOurModule = (version: string, draft: string) => [
  'build',
  '-C',
  join(projectRoot, 'tools', 'temporal'),
  '-mod=readonly',
  ...options(version),
  '-o',
  join(draft, 'temporal'),
  program,
];

const byItsTag = (version: string) => ['install', ...options(version), `${program}@v${version}`];

/** One run of Go: what it said, and since when. */
class GoBuild {
  readonly #what: string;
  readonly #log: string;
  readonly #began = Date.now();
  readonly #said: string[] = [];

  constructor(what: string, log: string) {
    this.#what = what;
    this.#log = log;
  }

  async run(go: string, args: readonly string[], draft: string, { machine, progress, signal }: Search): Promise<void> {
    const environment = { ...machine.environment, CGO_ENABLED: '0', GOBIN: draft, GOFLAGS: '', GOWORK: 'off' };
    const child = spawn(go, args, { cwd: draft, env: environment, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    const stop = () => child.pid !== undefined && signalGroup(child.pid, 'SIGKILL');
    const deadline = setTimeout(stop, buildMs);
    const ticker = setInterval(() => progress(this.#progress()), progressEveryMs);
    signal?.addEventListener('abort', stop, { once: true });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#said.push(line);
      appendFileSync(this.#log, `${line}\n`);
    });
    try {
      progress(this.#progress());
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      signal?.throwIfAborted();
      if (code !== 0) throw this.#explain();
    } finally {
      clearTimeout(deadline);
      clearInterval(ticker);
      signal?.removeEventListener('abort', stop);
    }
  }

  #progress(): string {
    return `building ${this.#what} · ${elapsed(this.#began)} · ${this.#step()}`;
  }

  /** Go names each module that it fetches and each package that it compiles. */
  #step(): string {
    const last = this.#said.at(-1);
    if (last === undefined) return 'resolving modules';
    if (last.startsWith('go: ')) return last.slice('go: '.length);
    const compiled = this.#said.filter((line) => !line.startsWith('go: ')).length;
    return compiled >= packages ? 'linking' : `${compiled} of about ${packages} packages compiled, ${last}`;
  }

  #explain(): Error {
    const text = this.#said.join('\n');
    if (saysDiskFull(text)) return diskFullProblem(dirname(this.#log), 'XDG_CACHE_HOME');
    if (Date.now() - this.#began >= buildMs) return new Error(`took longer than ${buildMs / 60_000} minutes (log: ${this.#log})`);
    const reason = this.#said.findLast((line) => /^go: (?!downloading)|error|cannot|undefined/i.test(line)) ?? this.#said.at(-1);
    return new Error(`${reason ?? 'Go gave no reason'} (log: ${this.#log})`);
  }
}

function elapsed(began: number): string {
  const seconds = Math.round((Date.now() - began) / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
