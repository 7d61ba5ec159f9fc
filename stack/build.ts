import { buildStale } from './build/build.ts';
import { steps } from './build/steps.mjs';
import { explainFileError, Problem } from './problem.ts';
import { projectRoot } from './projectRoot.ts';
import { Report } from './terminal/report.ts';

/** `npm run build [-- step …]`: makes what is stale, of all steps or of those that are named. */
const names = process.argv.slice(2);
const report = new Report(process.stdout);
const unknown = names.find((name) => !steps.some((step) => step.name === name));

try {
  if (unknown !== undefined)
    throw new Problem(`There is no step ${unknown}; there are ${steps.map(({ name }) => name).join(', ')}.`);
  const row = report.begin('Build');
  const made = await buildStale({
    root: projectRoot,
    steps: steps.filter(({ name }) => names.length === 0 || names.includes(name)),
    onStep: (name) => row.progress(`building ${name}`),
    onWait: (pid) => row.progress(`process ${pid} builds, which is waited for`),
  });
  if (made.length > 0) row.done('built', made.join(', '));
  else report.clear();
} catch (error) {
  report.clear();
  const explained = explainFileError(error, projectRoot);
  if (!(explained instanceof Problem)) throw explained;
  process.stderr.write(`${explained.message}\n`);
  process.exitCode = 1;
}
