import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Beneath } from './beneath.ts';
import { bytePath, type BytePath } from './bytePath.ts';
import { GitError } from './git.ts';
import type { Gap } from './manifest.ts';
import { isRefName, replaceFile } from './refs.ts';
import { addressAsData } from './repositoryUrl.ts';
import type { SideRepository } from './sideRepository.ts';

/** One line of a configuration: its key, section and variable in lower case, and its value. */
export type Setting = readonly [key: string, value: string];

const configLimit = 1024 * 1024;
const isBoolean = (value: string): boolean => /^(?:true|false|yes|no|on|off|0|1)$/i.test(value);
const oneOf =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    values.includes(value.toLowerCase());
const isText = (value: string): boolean => value.length <= 1000 && !/[\n\r\0]/.test(value);
const isRemote = oneOf('origin', '.');
const isAddress = (value: string): boolean => addressAsData(value) !== null;
const isRebase = (value: string): boolean => isBoolean(value) || oneOf('merges', 'interactive', 'preserve')(value);

type Pattern = readonly [RegExp, (value: string) => boolean];

/**
 * Settings that travel, with what they may be. They say who commits, how git sees files and branches, and where
 * submodules come from; none of them names a program or a path of settings, so that nothing which an agent wrote there
 * takes effect elsewhere.
 */
const carried: readonly Pattern[] = [
  [/^(?:user|author|committer)\.(?:name|email)$/, isText],
  [/^core\.autocrlf$/, (value) => isBoolean(value) || value.toLowerCase() === 'input'],
  [/^core\.eol$/, oneOf('lf', 'crlf', 'native')],
  [/^core\.safecrlf$/, (value) => isBoolean(value) || value.toLowerCase() === 'warn'],
  [/^core\.(?:filemode|quotepath|trustctime|logallrefupdates)$/, isBoolean],
  [/^core\.checkstat$/, oneOf('default', 'minimal')],
  [/^(?:core\.sparsecheckout|core\.sparsecheckoutcone|index\.sparse)$/, isBoolean],
  [/^core\.abbrev$/, (value) => /^(?:auto|no|\d+)$/.test(value)],
  [/^branch\..+\.(?:remote|pushremote)$/s, isRemote],
  [/^branch\..+\.merge$/s, (value) => isRefName(bytePath(Buffer.from(value)))],
  [/^branch\..+\.rebase$/s, isRebase],
  [/^branch\..+\.description$/s, (value) => value.length <= 10_000],
  [/^branch\.(?:autosetupmerge|autosetuprebase|sort)$/, isText],
  [/^pull\.rebase$/, isRebase],
  [/^(?:pull|merge)\.ff$/, (value) => isBoolean(value) || value === 'only'],
  [/^merge\.conflictstyle$/, oneOf('merge', 'diff3', 'zdiff3')],
  [/^push\.default$/, oneOf('nothing', 'current', 'upstream', 'tracking', 'simple', 'matching')],
  [/^push\.(?:autosetupremote|followtags)$/, isBoolean],
  [/^rebase\.(?:autosquash|autostash|updaterefs)$/, isBoolean],
  [
    /^(?:rerere\.enabled|fetch\.prune|status\.showuntrackedfiles|diff\.renames|diff\.algorithm|diff\.mnemonicprefix)$/,
    (value) => /^[\w-]*$/.test(value),
  ],
  [/^submodule\..+\.url$/s, isAddress],
  [/^submodule\..+\.(?:active|shallow)$/s, isBoolean],
  // Any other value of `update` is a program: https://git-scm.com/docs/gitmodules
  [/^submodule\..+\.update$/s, oneOf('checkout', 'rebase', 'merge', 'none')],
  [/^submodule\..+\.branch$/s, (value) => value === '.' || isRefName(bytePath(Buffer.from(`refs/heads/${value}`)))],
  [/^submodule\..+\.ignore$/s, oneOf('all', 'dirty', 'untracked', 'none')],
  [/^submodule\..+\.fetchrecursesubmodules$/s, (value) => isBoolean(value) || value === 'on-demand'],
  [/^submodule\.active$/, isText],
];

const isRefspec = (value: string): boolean => {
  const [from = '', to = '', ...more] = value.replace(/^[+^]/, '').split(':');
  return !value.startsWith('-') && more.length === 0 && [from, to].every((side) => /^[^\s~^:?[\\\p{Cc}]*$/u.test(side));
};

/** What travels of the remotes of a repository that has no mirror here. */
const carriedOfRemotes: readonly Pattern[] = [
  [/^remote\..+\.(?:url|pushurl)$/s, isAddress],
  [/^remote\..+\.(?:fetch|push)$/s, isRefspec],
  [/^remote\..+\.tagopt$/s, oneOf('--tags', '--no-tags')],
];

/** What git itself writes into a repository that it makes: what it says is so wherever the repository is made. */
const ofMaking =
  /^(?:core\.(?:repositoryformatversion|bare|symlinks|ignorecase|precomposeunicode)|extensions\.(?:objectformat|worktreeconfig)|submodule\..+\.gitdir)$/s;

/** Those of the settings that a restore need not be told: git wrote them when it made the repository. */
export const settingsOfMaking = (all: readonly Setting[], isSubmodule: boolean): readonly string[] =>
  all
    .filter(
      ([key, value]) =>
        (ofMaking.test(key) && !(key === 'core.bare' && value !== 'false')) || (isSubmodule && key === 'core.worktree'),
    )
    .map((setting) => setting.join('\n'));

/**
 * Where the repository says so, settings of one worktree lie in a file of their own:
 * https://git-scm.com/docs/git-worktree#_configuration_file
 */
const worktreeFile: BytePath = 'config.worktree';
const worktreeKey = 'extensions.worktreeconfig';
const isNo = (value: string): boolean => /^(?:false|no|off|0|)$/i.test(value);

const patternsFor = (withRemotes: boolean): readonly Pattern[] => (withRemotes ? [...carried, ...carriedOfRemotes] : carried);

/** Whether a setting travels in a snapshot. A key that travels with another value does not. */
export function isCarried([key, value]: Setting, withRemotes = false): boolean {
  // What is not UTF-8 was read with replacement characters.
  return (
    !`${key}${value}`.includes('\ufffd') &&
    patternsFor(withRemotes).some(([pattern, accepts]) => pattern.test(key) && accepts(value))
  );
}

const isCarriedKey = (key: string, withRemotes: boolean): boolean =>
  patternsFor(withRemotes).some(([pattern]) => pattern.test(key));

/** Whether the setting is the address of a remote or a submodule. */
export const isAddressKey = (key: string): boolean => /^(?:submodule|remote)\..+\.(?:url|pushurl)$/s.test(key);

/** The setting without the password or token that an address may have in it. */
function withoutCredentials([key, value]: Setting): Setting {
  return [key, isAddressKey(key) ? (addressAsData(value) ?? '') : value];
}

/** Runs git on a configuration file's text: its own copy, so that what an agent swaps meanwhile does not matter. */
async function withCopy<T>(side: SideRepository, text: Buffer, run: (path: string) => Promise<T>): Promise<T> {
  // One at a time, as operations on a workspace wait for each other; what one that was killed left behind makes room.
  const directory = join(side.directory, 'asked');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  try {
    const path = join(directory, 'config');
    writeFileSync(path, text);
    return await run(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What git said of texts that it was asked about lately. */
const listed = new Map<string, readonly Setting[]>();
const mostListed = 100;
const longestListed = 16 * 1024;

async function listSettings(side: SideRepository, text: Buffer, signal: AbortSignal): Promise<readonly Setting[]> {
  const key = text.toString('latin1');
  const known = listed.get(key) ?? (await askForSettings(side, text, signal));
  if (key.length > longestListed) return known;
  listed.delete(key);
  listed.set(key, known);
  const [oldest] = listed.keys();
  if (listed.size > mostListed && oldest !== undefined) listed.delete(oldest);
  return known;
}

async function askForSettings(side: SideRepository, text: Buffer, signal: AbortSignal): Promise<Setting[]> {
  return withCopy(side, text, async (path) => {
    const { stdout } = await side.run(['config', '--file', path, '--no-includes', '--list', '-z'], { signal });
    return stdout
      .toString()
      .split('\0')
      .filter((line) => line !== '')
      .map((line): Setting => {
        const end = line.indexOf('\n');
        // A key alone, without “=”, means true.
        return end === -1 ? [line, 'true'] : [line.slice(0, end), line.slice(end + 1)];
      });
  });
}

export interface LocalSettings {
  readonly settings: readonly Setting[];
  readonly gaps: readonly Gap[];
}

/**
 * All settings of a repository's own configuration file, and those of its worktree's; empty when there is none, null
 * when git cannot read one.
 */
export async function readSettings(side: SideRepository, git: Beneath, signal: AbortSignal): Promise<readonly Setting[] | null> {
  const common = await readFile(side, git, 'config', signal);
  if (common === null || isNo(common.findLast(([key]) => key === worktreeKey)?.[1] ?? 'false')) return common;
  const own = await readFile(side, git, worktreeFile, signal);
  return own && [...common, ...own];
}

/** The settings of a linked worktree alone, where its repository says that there are some; null when git cannot read them. */
export async function readWorktreeSettings(
  side: SideRepository,
  { own, common }: { readonly own: Beneath; readonly common: Beneath },
  signal: AbortSignal,
): Promise<readonly Setting[] | null> {
  return (await hasApart(side, common, signal)) ? readFile(side, own, worktreeFile, signal) : [];
}

/**
 * Makes these the settings of a linked worktree alone. Sparse checkouts are told apart in any case: what the repository
 * says of them is meant for its own worktree.
 */
export async function applyWorktreeSettings(
  side: SideRepository,
  { own, common }: { readonly own: Beneath; readonly common: Beneath },
  wanted: readonly Setting[],
  signal: AbortSignal,
): Promise<void> {
  const keys = new Set(wanted.map(([key]) => key));
  const shared = (await readFile(side, common, 'config', signal)) ?? [];
  const not = shared.flatMap(([key]): Setting[] => (isSparse(key) && !keys.has(key) ? [[key, 'false']] : []));
  const accepted = [...wanted.filter((setting) => isCarried(setting)), ...not];
  if (accepted.length > 0 && !(await hasApart(side, common, signal))) await setApart(side, common, signal);
  await applyTo({ side, git: own, path: worktreeFile, accepted, withRemotes: false, signal });
}

const isSparse = (key: string): boolean => /^(?:core\.sparsecheckout|core\.sparsecheckoutcone|index\.sparse)$/.test(key);

/** Says in a repository's configuration that worktrees have settings of their own. */
async function setApart(side: SideRepository, common: Beneath, signal: AbortSignal): Promise<void> {
  const text = common.readSmall('config', configLimit) ?? Buffer.alloc(0);
  const changed = await withCopy(side, text, async (copy) => {
    await side.run(['config', '--file', copy, worktreeKey, 'true'], { signal });
    return readFileSync(copy);
  });
  replaceFile(common, 'config', changed);
}

async function hasApart(side: SideRepository, common: Beneath, signal: AbortSignal): Promise<boolean> {
  const settings = (await readFile(side, common, 'config', signal)) ?? [];
  return !isNo(settings.findLast(([key]) => key === worktreeKey)?.[1] ?? 'false');
}

async function readFile(
  side: SideRepository,
  git: Beneath,
  path: BytePath,
  signal: AbortSignal,
): Promise<readonly Setting[] | null> {
  const text = git.readSmall(path, configLimit);
  if (text === null) return git.stat(path) === null ? [] : null;
  try {
    return await listSettings(side, text, signal);
  } catch (error) {
    if (error instanceof GitError && !error.timedOut) return null;
    throw error;
  }
}

/** Those settings that travel, and the names of those that do not and were not there when the workspace was opened. */
export function carrySettings(all: readonly Setting[] | null, atOpen: readonly string[], withRemotes = false): LocalSettings {
  if (all === null)
    return {
      settings: [],
      gaps: [
        {
          path: '.git/config',
          status: 'FAILED',
          reason: 'CONFIG_UNREADABLE',
          detail: 'git cannot read the repository’s settings',
        },
      ],
    };
  const known = new Set(atOpen);
  const left = [
    ...new Set(
      all
        .filter((setting) => setting[0] !== worktreeKey && !isCarried(setting, withRemotes) && !known.has(setting.join('\n')))
        .map(([key]) => key),
    ),
  ];
  return {
    settings: all.filter((setting) => isCarried(setting, withRemotes)).map(withoutCredentials),
    gaps:
      left.length === 0
        ? []
        : [
            {
              path: '.git/config',
              status: 'SKIPPED',
              reason: 'CONFIG_NOT_CARRIED',
              detail: `these settings do not travel, for they could run programs or lead elsewhere: ${left.slice(0, 20).join(', ')}${left.length > 20 ? ' …' : ''}`,
            },
          ],
  };
}

/**
 * Makes the settings that travel those of the repository, and leaves its others as they are. What its worktree had
 * apart is the repository's too, which is the same for the one worktree that there is. Throws GitError when git cannot
 * read the configuration as it is.
 */
export async function applySettings(
  side: SideRepository,
  git: Beneath,
  wanted: readonly Setting[],
  signal: AbortSignal,
  withRemotes = false,
): Promise<void> {
  const accepted = wanted.filter((setting) => isCarried(setting, withRemotes));
  await applyTo({ side, git, path: 'config', accepted, withRemotes, signal });
  // What setup commands put there would count for more.
  if (git.stat(worktreeFile) !== null) await applyTo({ side, git, path: worktreeFile, accepted: [], withRemotes, signal });
}

/** Whether the setting is of a submodule that the wanted ones do not name: one that a setup command fetched stays usable. */
function isOfOtherSubmodule(key: string, wanted: readonly Setting[]): boolean {
  const section = (of: string) => of.slice(0, of.lastIndexOf('.'));
  return key.startsWith('submodule.') && !wanted.some(([other]) => section(other) === section(key));
}

async function applyTo({
  side,
  git,
  path,
  accepted,
  withRemotes,
  signal,
}: {
  readonly side: SideRepository;
  readonly git: Beneath;
  readonly path: BytePath;
  readonly accepted: readonly Setting[];
  readonly withRemotes: boolean;
  readonly signal: AbortSignal;
}): Promise<void> {
  const now = await readFile(side, git, path, signal);
  const mine = (now ?? []).filter(([key]) => isCarriedKey(key, withRemotes) && !isOfOtherSubmodule(key, accepted));
  const keys = new Set([...mine, ...accepted].map(([key]) => key));
  const valuesOf = (settings: readonly Setting[], key: string) =>
    settings.filter(([other]) => other === key).map(([, value]) => value);
  const differing = [...keys].filter((key) => valuesOf(mine, key).join('\0') !== valuesOf(accepted, key).join('\0'));
  if (differing.length === 0) return;
  const text = git.readSmall(path, configLimit) ?? Buffer.alloc(0);
  const changed = await withCopy(side, text, async (copy) => {
    for (const key of differing) {
      // 5: there was nothing to unset.
      await side.run(['config', '--file', copy, '--unset-all', key], { signal, answers: [0, 5] });
      for (const value of valuesOf(accepted, key)) await side.run(['config', '--file', copy, '--add', key, value], { signal });
    }
    return readFileSync(copy);
  });
  replaceFile(git, path, changed);
}
