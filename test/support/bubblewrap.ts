import { packageManager } from '../../stack/tools/packageManager.ts';
import { findTool, onPath, type FoundTool, type Tool } from '../../stack/tools/tool.ts';
import { search } from './search.ts';

const bubblewrap: Tool = {
  name: 'bubblewrap',
  sources: [onPath('bwrap'), packageManager('bubblewrap', 'bwrap')],
  versionArguments: ['--version'],
  refuse: (output) => (output.startsWith('bubblewrap') ? null : `is not bubblewrap, it says: ${output.split('\n')[0]}`),
  advice:
    'The tests of the sandbox need it. Any of these brings it:\n' +
    '  apt-get install -y bubblewrap   (as root; dnf and pacman have it by the same name)',
};

/** bubblewrap for tests: found or installed. Throws a Problem that says what to type. */
export function findBubblewrap(): Promise<FoundTool> {
  return findTool(bubblewrap, search);
}
