import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StackConfig } from '../config/stack.ts';
import { holdState } from './holdState.ts';
import type { Lock } from './lock.ts';
import { explainFileError, Problem } from './problem.ts';
import { statePaths, type State } from './state.ts';
import { StopRequests } from './supervisor/stopRequests.ts';
import { LocalSystem, type Opened, type SystemOptions } from './system.ts';
import { NewsTeller } from './terminal/news.ts';
import { Report, type Output } from './terminal/report.ts';
import { seconds } from './terminal/line.ts';

export interface StartOptions {
  readonly config: StackConfig;
  readonly output: Output;
  readonly programs?: SystemOptions['programs'];
}

/** A kill that takes longer than this is left to the next start. */
const killMs = 3_000;

/**
 * Runs the local system until it is asked to stop (Ctrl-C, SIGTERM, SIGHUP). Gives the exit code: 0 when it was asked, 1
 * when it could not start or had to be killed.
 */
export async function runLocalSystem({ config, output, programs }: StartOptions): Promise<number> {
  const report = new Report(output);
  const state = statePaths(config.BATON_HOME);
  const requests = new StopRequests(config.environment);
  let lock: Lock | null = null;
  try {
    lock = await holdState(state, report);
    return await run({ config, state, report, programs, tell: new NewsTeller(report).tell }, lock, requests);
  } catch (error) {
    sayFailure(error, state, report);
    return 1;
  } finally {
    lock?.release();
    requests.close();
  }
}

/** Starts, waits for the request to stop, and stops. */
async function run(options: SystemOptions, lock: Lock, requests: StopRequests): Promise<number> {
  const { report, state } = options;
  const system = new LocalSystem(options);
  report.line();
  const began = Date.now();
  const started = system.start();
  const failure = started.then(
    () => null,
    (error: unknown) => ({ error }),
  );
  const outcome = await Promise.race([requests.first, failure]);
  if (typeof outcome === 'object' && outcome !== null) {
    await stop(system, requests, null, state);
    throw outcome.error;
  }
  if (outcome === null) {
    const opened = await started;
    lock.note({ url: opened.url });
    sayOpened(opened, state, report, Date.now() - began);
    await requests.first;
  }
  return stop(system, requests, report, state);
}

/** Ends the system; a second request kills what is still there. */
async function stop(system: LocalSystem, requests: StopRequests, report: Report | null, state: State): Promise<number> {
  const began = Date.now();
  report?.clear();
  report?.line();
  report?.line('  Stopping. Ctrl-C again kills what is left.');
  const outcome = await Promise.race([
    system.stop().then(() => 'stopped' as const),
    requests.second.then(() => 'killed' as const),
  ]);
  if (outcome === 'killed') {
    await Promise.race([system.kill(), delay(killMs, undefined, { ref: false })]);
    report?.line('  Killed. The next start repairs what that left.');
    return 1;
  }
  report?.line(`  Stopped in ${seconds(Date.now() - began)}. Everything is kept in ${state.directory}`);
  return 0;
}

function sayOpened({ link }: Opened, state: State, report: Report, ms: number): void {
  const label = (text: string) => report.style('bold', text.padEnd(6));
  report.line();
  report.line(`  ${label('Open')} ${report.style('cyan', link)}`);
  report.line('         signs one browser in, once, within the hour; another link: node bin/baton.mjs link');
  report.line(`  ${label('State')} ${state.directory}`);
  report.line(`  ${label('Stop')} Ctrl-C`);
  report.line();
  report.line(`  Ready in ${seconds(ms)}.`);
}

function sayFailure(error: unknown, state: State, report: Report): void {
  report.clear();
  const explained = explainFileError(error, state.directory);
  if (explained instanceof Problem) {
    report.line();
    report.line(report.style('red', 'Baton can not start. ') + explained.message);
    return;
  }
  const log = join(state.logs, 'supervisor.log');
  const { message, stack } = explained as Error;
  try {
    appendFileSync(log, `${new Date().toISOString()} ${stack}\n`);
  } catch {
    // There may be no directory for it; the message below is all that is known then.
  }
  report.line();
  report.line(report.style('red', 'Baton can not start. ') + `${message}\nThis is a defect of Baton. The details are in ${log}`);
}
