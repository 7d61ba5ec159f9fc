import { join } from 'node:path';
import { machine } from '../config/machine.ts';
import type { StackConfig } from '../config/stack.ts';
import { partEnvironment } from './environment.ts';
import type { Ports } from './ports.ts';
import { startPostgres } from './postgres/server.ts';
import { projectRoot } from './projectRoot.ts';
import type { State } from './state.ts';
import type { Part } from './supervisor/part.ts';
import { program } from './supervisor/program.ts';
import { startTemporal } from './temporal/server.ts';

/** What the parts need, and what they tell each other when they have started. */
export interface PartsContext {
  readonly config: StackConfig;
  readonly state: State;
  readonly ports: Ports;
  /** The programs that are run; those in `dist/` when not given. */
  readonly programs?: { readonly gateway: string; readonly worker: string } | undefined;
  databaseUrl: string;
  temporalAddress: string;
  port: number;
  url: string;
}

const logOf = ({ state }: PartsContext, name: string) => join(state.logs, `${name}.log`);
const recordOf = ({ state }: PartsContext, name: string) => join(state.processes, `${name}.json`);

export function postgresPart(context: PartsContext): Part {
  return {
    name: 'PostgreSQL',
    async start({ signal }) {
      const { state, ports } = context;
      const running = await startPostgres({ directory: state.postgres, log: logOf(context, 'postgres'), ports, signal });
      context.databaseUrl = running.url;
      return { ...running, detail: `127.0.0.1:${running.port}${running.attached ? ', ran already' : ''}` };
    },
  };
}

export function temporalPart(context: PartsContext): Part {
  return {
    name: 'Temporal',
    async start({ progress, signal }) {
      const { state, ports, config } = context;
      const running = await startTemporal({
        directory: state.temporal,
        log: logOf(context, 'temporal'),
        record: recordOf(context, 'temporal'),
        ports,
        namespace: config.TEMPORAL_NAMESPACE,
        machine: machine(config.environment),
        progress,
        signal,
      });
      context.temporalAddress = running.address;
      return { ...running, detail: `${running.address}, server ${running.version}, from ${running.tool.source}` };
    },
  };
}

export function workerPart(context: PartsContext): Part {
  return program({
    name: 'Worker',
    file: context.programs?.worker ?? join(projectRoot, 'dist', 'worker.js'),
    environment: () => partEnvironment(context.config, context.state, context),
    log: logOf(context, 'worker'),
    record: recordOf(context, 'worker'),
  });
}

export function gatewayPart(context: PartsContext): Part {
  return program({
    name: 'Gateway',
    file: context.programs?.gateway ?? join(projectRoot, 'dist', 'gateway.js'),
    environment: () => partEnvironment(context.config, context.state, context),
    log: logOf(context, 'gateway'),
    record: recordOf(context, 'gateway'),
    onReady: (url) => {
      context.url = url.replace(/\/$/, '');
      // Where it took a free port it has to come back on the same.
      if (context.port === 0) context.port = Number(new URL(url).port);
    },
  });
}
