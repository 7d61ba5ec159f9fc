import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../projectRoot.ts';

const run = promisify(execFile);

/** What a Prisma command printed, and its exit code. */
export interface PrismaOutcome {
  readonly code: number;
  readonly output: string;
}

/** Runs Prisma's own command line on a database. */
export async function prisma(databaseUrl: string, environment: NodeJS.ProcessEnv, ...args: string[]): Promise<PrismaOutcome> {
  const program = join(projectRoot, 'node_modules', 'prisma', 'build', 'index.js');
  const env = { ...environment, DATABASE_URL: databaseUrl, NO_COLOR: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  try {
    const { stdout, stderr } = await run(process.execPath, [program, ...args], { cwd: projectRoot, env, timeout: 120_000 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
      message,
    } = error as { code?: number; stdout?: string; stderr?: string; message: string };
    return { code: typeof code === 'number' ? code : 1, output: stdout + stderr || message };
  }
}
