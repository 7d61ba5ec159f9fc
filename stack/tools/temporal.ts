import { join } from 'node:path';
import { buildTemporal } from './buildTemporal.ts';
import { cacheEntry } from './cacheEntry.ts';
import { downloadTemporal } from './downloadTemporal.ts';
import { fallbackVersion, minimumServer, temporalVersion } from './temporalVersions.ts';
import { isExecutable, onPath, type Search, type Source, type Tool } from './tool.ts';

const cached = ({ machine }: Search, stamp: string) => join(machine.cache, `temporal-${stamp}`);

const cache: Source = {
  name: 'the cache',
  async find(search) {
    const paths = [temporalVersion, 'sdk', fallbackVersion].map((stamp) => cached(search, stamp));
    const usable = await Promise.all(paths.map(isExecutable));
    return paths.filter((_, index) => usable[index]);
  },
};

const download: Source = {
  name: "the SDK's download",
  async find(search) {
    return [await cacheEntry(search, cached(search, 'sdk'), (draft) => downloadTemporal(search, draft))];
  },
};

const built = (name: string, version: string): Source => ({
  name,
  async find(search) {
    const target = cached(search, version);
    return [await cacheEntry(search, target, (draft) => buildTemporal(search, version, draft, `${target}.log`))];
  },
});

/** Temporal's command line, which has the development server in it. */
export const temporalTool: Tool = {
  name: 'The Temporal server',
  sources: [
    onPath('temporal'),
    cache,
    download,
    built('built with Go', temporalVersion),
    built('an older one built with Go', fallbackVersion),
  ],
  versionArguments: ['--version'],
  refuse(output) {
    const [, major, minor] = /Server (\d+)\.(\d+)/.exec(output) ?? [];
    if (major === undefined) return `is not Temporal's command line, it says: ${output.split('\n')[0]}`;
    const isOld =
      Number(major) < minimumServer.major || (Number(major) === minimumServer.major && Number(minor) < minimumServer.minor);
    return isOld ? `has server ${major}.${minor}; ${minimumServer.major}.${minimumServer.minor} or newer is needed` : null;
  },
  advice:
    'Install one of these and start again:\n' +
    "  Temporal's command line: https://docs.temporal.io/cli/setup-cli (brew install temporal)\n" +
    '  Go 1.26.4 or newer, with which Baton builds it: https://go.dev/dl\n' +
    'Or name a server that runs: TEMPORAL_ADDRESS=host:port npm start',
};
