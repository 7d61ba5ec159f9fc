import { fileURLToPath } from 'node:url';
import { stackConfig } from '../../config/stack.ts';
import { runLocalSystem } from '../start.ts';

/** The local system with stand-ins for gateway and worker, as a process of its own that tests can signal and kill. */
const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const programs = { gateway: program('gateway.mjs'), worker: program('worker.mjs') };
process.stdout.on('error', () => {});
process.exit(await runLocalSystem({ config: stackConfig(), output: process.stdout, programs }));
