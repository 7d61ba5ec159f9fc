import { machine } from '../../config/machine.ts';
import type { Search } from '../../stack/tools/tool.ts';

/** A search for programs on this machine that says what takes long, for tests. */
export const search: Search = {
  machine: machine(),
  progress: (text) => process.stderr.write(`${text}\n`),
  signal: undefined,
};
