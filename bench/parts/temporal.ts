import path from 'node:path';
import { machine } from '../../config/machine.ts';
import { Ports } from '../../stack/ports.ts';
import { guard } from '../../stack/processes/guard.ts';
import { startTemporal } from '../../stack/temporal/server.ts';

/** A Temporal server that keeps its state in a file, as the local system's does. */
export interface BenchTemporal extends AsyncDisposable {
  readonly address: string;
}

/** Starts it in a directory; it is found, fetched or built as `npm start` does. */
export async function startBenchTemporal(directory: string, progress: (text: string) => void): Promise<BenchTemporal> {
  const { address, pid, stop } = await startTemporal({
    directory,
    log: path.join(directory, 'temporal.log'),
    ports: new Ports(path.join(directory, 'temporal-ports.json')),
    namespace: 'default',
    machine: machine(),
    progress: (text) => progress(`Temporal: ${text}`),
  });
  const dismiss = guard(pid, 'TERM');
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      dismiss();
      await stop();
    },
  };
}
