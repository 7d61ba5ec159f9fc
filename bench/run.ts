import { setMaxListeners } from 'node:events';
import { Command } from 'commander';
import { explainFileError, Problem } from '../stack/problem.ts';
import { projectRoot } from '../stack/projectRoot.ts';
import type { Bench, Measured } from './bench.ts';
import { benches } from './benches.ts';
import { rounded } from './measure.ts';

/** `npm run bench [-- NAME [--json] [--quick]]`: lists the benches, or runs one. */

interface Options {
  readonly json?: true;
  readonly quick?: true;
}

/** What takes longer to clean up after than this is left behind. */
const cleanUpMs = 30_000;

async function runBench({ name, deadlineMs, run }: Bench, { json, quick }: Options): Promise<void> {
  const stop = new AbortController();
  // Each part that a bench starts listens to it.
  setMaxListeners(0, stop.signal);
  const requests = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const request of requests) process.once(request, () => giveUp(stop, 'it was asked to stop'));
  const deadline = setTimeout(() => giveUp(stop, `it took longer than ${deadlineMs / 60_000} minutes`), deadlineMs);
  const progress = (text: string) => void process.stderr.write(`${name}: ${text}\n`);
  const measured = await run({ signal: stop.signal, progress, quick: quick === true }).finally(() => clearTimeout(deadline));
  print(name, measured, json === true);
}

function giveUp(stop: AbortController, why: string): void {
  stop.abort(new Problem(`The bench was given up: ${why}.`));
  setTimeout(() => process.exit(1), cleanUpMs).unref();
}

function print(name: string, { ours, limit, unit, detail }: Measured, json: boolean): void {
  const figures = Object.fromEntries(Object.entries(detail).map(([what, figure]) => [what, rounded(figure)]));
  const result = { name, ours: rounded(ours), limit: rounded(limit), ratio: rounded(ours / limit), unit, detail: figures };
  if (json) return console.log(JSON.stringify(result));
  const rows: [string, string][] = [
    ['ours', `${result.ours} ${unit}`],
    ['limit', `${result.limit} ${unit}`],
    ['ratio', String(result.ratio)],
    ...Object.entries(figures).map(([what, figure]): [string, string] => [`  ${what}`, String(figure)]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  for (const [label, text] of rows) console.log(`${label.padEnd(width)}  ${text}`);
}

function list(): void {
  const width = Math.max(...benches.map(({ name }) => name.length));
  for (const { name, about } of benches) console.log(`${name.padEnd(width)}  ${about}`);
}

await new Command('bench')
  .description('measure what Baton does against a limit, or against a peer in the same run')
  .argument('[name]', 'the bench; without one they are listed')
  .option('--json', 'print one line of JSON: name, ours, limit, ratio, unit, detail')
  .option('--quick', 'few repetitions on small input: to see that it works, not how fast')
  .action(async (name: string | undefined, options: Options) => {
    if (name === undefined) return list();
    const bench = benches.find((other) => other.name === name);
    if (!bench) throw new Problem(`There is no bench ${name}; there are ${benches.map((other) => other.name).join(', ')}.`);
    await runBench(bench, options);
  })
  .parseAsync()
  .catch((error: unknown) => {
    const explained = explainFileError(error, projectRoot);
    if (!(explained instanceof Problem)) throw explained;
    process.stderr.write(`${explained.message}\n`);
    process.exitCode = 1;
  });
