import { execFile } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { machine } from '../../config/machine.ts';
import type { BuildStep } from './steps.mjs';

const run = promisify(execFile);

/** Makes a step's output in the checkout `root`. */
type Maker = (root: string, step: BuildStep) => Promise<void>;

/** How each step is made. Tools are loaded when their step is stale: together they take seconds. */
export const makers: Readonly<Record<string, Maker>> = {
  prisma: (root) => runNode(root, [join(root, 'node_modules/prisma/build/index.js'), 'generate']),
  operations: (root, { inputs }) => runNode(root, ['--import', 'tsx', ...inputs.slice(0, 1)]),
  web: buildWeb,
  workflows: bundleWorkflows,
  gateway: (root, step) => bundle(root, step, []),
  // The worker has a native part, and there may be one copy only of what is around it.
  worker: (root, step) => bundle(root, step, ['@temporalio/*', '@opentelemetry/*', 'protobufjs', 'long']),
  prepare: (root, step) => bundle(root, step, []),
  cli: (root, step) => bundle(root, step, []),
};

async function runNode(root: string, args: readonly string[]): Promise<void> {
  try {
    const { environment, path } = machine();
    // Programs of libraries are found as npm finds them, also when it is not npm that runs this.
    const PATH = [join(root, 'node_modules/.bin'), ...path].join(delimiter);
    await run(process.execPath, [...args], { cwd: root, env: { ...environment, PATH }, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(stderr.trim() || stdout.trim() || message, { cause: error });
  }
}

/** One file that starts fast: reading hundreds takes Node a second. */
async function bundle(root: string, { inputs, output }: BuildStep, external: readonly string[]): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: inputs.slice(0, 1),
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    external: ['pg-native', ...external],
    // Libraries in CommonJS ask for Node's modules by `require`, which a module does not have.
    banner: {
      js: "import { createRequire as batonCreateRequire } from 'node:module'; const require = batonCreateRequire(import.meta.url);",
    },
    logLevel: 'silent',
  });
}

async function buildWeb(root: string): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'web/vite.config.ts'), mode: 'production', logLevel: 'warn' });
}

async function bundleWorkflows(root: string, { inputs: [entry = ''], output }: BuildStep): Promise<void> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, entry),
    workflowInterceptorModules: [join(root, 'workflows/tracedWorkflows.ts')],
    logger: new DefaultLogger('WARN'),
  });
  const file = join(root, output);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, code);
  await rename(`${file}.new`, file);
}
