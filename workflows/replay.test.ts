import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';

/** Histories of earlier versions, recorded by `npm run histories`: executions that are open must go on under new code. */
const directory = fileURLToPath(new URL('./histories', import.meta.url));
const histories = readdirSync(directory).filter((file) => file.endsWith('.json'));

let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  const workflowsPath = fileURLToPath(new URL('./workflows.ts', import.meta.url));
  const workflowInterceptorModules = [fileURLToPath(new URL('./tracedWorkflows.ts', import.meta.url))];
  workflowBundle = await bundleWorkflowCode({ workflowsPath, workflowInterceptorModules, logger: new DefaultLogger('ERROR') });
});

const read = (file: string) => JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as unknown;

test('there are histories of runs and of sessions', () => {
  expect(histories.filter((file) => file.startsWith('run-')).length).toBeGreaterThan(2);
  expect(histories.filter((file) => file.startsWith('session-')).length).toBeGreaterThan(2);
});

test.each(histories)('%s is replayed by the code as it is now', async (file) => {
  await Worker.runReplayHistory({ workflowBundle }, read(file), file.replace('.json', ''));
});

test('a history that the code would not have made is told from one that it would', async () => {
  const file = histories.find((name) => name.startsWith('session-')) ?? '';
  const history = JSON.parse(JSON.stringify(read(file)).replaceAll('"hostSession"', '"somethingElse"')) as unknown;
  await expect(Worker.runReplayHistory({ workflowBundle }, history, 'altered')).rejects.toThrow(/determin/i);
});
