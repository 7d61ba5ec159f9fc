/* eslint-disable no-console */
import { fileURLToPath } from 'node:url';
import { fill } from './scenarios.ts';
import { StandIn } from './standIn.ts';

/** `tsx web/test/serve.ts [port]`: the built viewer over a stand-in gateway with a run in every state. For people who work on the viewer. */
const standIn = new StandIn(fileURLToPath(new URL('../../dist/web', import.meta.url)));
const runs = fill(standIn.world);
const url = await standIn.listen(Number(process.argv[2] ?? 4610));
process.stdout.write(
  `${url}\n${Object.entries(runs)
    .map(([name, run]) => `${name}\t${url}/runs/${run.id}`)
    .join('\n')}\n`,
);
