import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { packageManager } from '../../stack/tools/packageManager.ts';
import { projectRoot } from '../../stack/projectRoot.ts';
import { findTool, onPath, type Tool } from '../../stack/tools/tool.ts';
import { search } from './search.ts';

const run = promisify(execFile);

const compose: Tool = {
  name: 'docker-compose',
  sources: [onPath('docker-compose'), packageManager('docker-compose', 'docker-compose')],
  versionArguments: ['--version'],
  refuse: (output) => (/compose/i.test(output) ? null : `is not docker-compose, it says: ${output.split('\n')[0]}`),
  advice: 'The test of docker-compose.yml needs it; no engine has to run:\n  apt-get install -y docker-compose   (as root)',
};

export interface ComposeService {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** What docker-compose makes of docker-compose.yml with these variables. Rejects with what it says when it refuses it. */
export async function parseComposeFile(variables: Record<string, string>): Promise<ComposeFile> {
  const { path: program } = await findTool(compose, search);
  const file = path.join(projectRoot, 'docker-compose.yml');
  const { stdout } = await run(program, ['-f', file, 'config'], { env: { PATH: process.env['PATH'], ...variables } });
  return parse(stdout) as ComposeFile;
}
