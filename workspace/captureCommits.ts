import type { BytePath } from './bytePath.ts';
import type { ContentWriter, Placement } from './contentWriter.ts';
import type { GitCall } from './git.ts';
import type { ObjectFormat } from './gitIndex.ts';
import type { CommitsManifest, Gap } from './manifest.ts';
import { presentObjects, revisions, sortOut } from './objectCheck.ts';
import type { Refs } from './refs.ts';
import { ObjectsUnreadableError, type SideRepository } from './sideRepository.ts';

/** Packs that build on one another before one pack takes the place of all. */
const manyPacks = 16;
const deadlineMs = 15 * 60_000;
/** A pack without objects: its header and its checksum. Bytes. */
const emptyPackBytes: Record<ObjectFormat, number> = { sha1: 12 + 20, sha256: 12 + 32 };

export interface CaptureCommitsRequest {
  readonly side: SideRepository;
  /** Lets git see the agent's objects. */
  readonly borrow: () => void;
  readonly refs: Refs;
  /** Objects that other files of the git directory name, and the names of those. */
  readonly moreTips: readonly (readonly [name: BytePath, oid: string])[];
  /** Objects that the remote has, with all that they lead to. */
  readonly trusted: readonly string[];
  /** What the previous snapshot holds of the same base. */
  readonly previous: CommitsManifest | null;
  readonly writer: ContentWriter;
  /** Says why so many bytes of commits must stay out; null when they may travel. No limit by default. */
  readonly refuse?: (bytes: number) => string | null;
  readonly signal: AbortSignal;
}

export interface CapturedCommits {
  readonly packs: readonly Placement[];
  readonly tips: readonly string[];
  readonly prerequisites: readonly string[];
  readonly unpushed: number;
  /** Tips that could not be captured: refs that lead there are left out. */
  readonly broken: ReadonlySet<string>;
  readonly gaps: readonly Gap[];
}

/**
 * Captures what refs and HEAD lead to and the remote does not have, as packs. What the remote has is known from when
 * the workspace was opened, never from the agent's own `refs/remotes`, which anything may have been written to.
 */
export async function captureCommits(request: CaptureCommitsRequest): Promise<CapturedCommits> {
  const { previous, trusted, writer } = request;
  const remote = new Set(trusted);
  const leads = tipsOf(request);
  const tips = [...leads.keys()].filter((oid) => !remote.has(oid)).sort();
  const onRemote = [...leads].filter(([oid, names]) => remote.has(oid) && names.some(buildsOn)).map(([oid]) => oid);
  const kept = previous?.packs.map((parts): Placement => ({ parts: writer.keep(parts) })) ?? [];
  const covered = new Set(previous?.tips);
  const keptBytes = (previous?.packs ?? []).flat().reduce((sum, [, , length]) => sum + length, 0);
  const tooLarge = (bytes: number): CapturedCommits | null => {
    const detail = request.refuse?.(bytes) ?? null;
    return detail === null ? null : withoutCommits(tips, onRemote, { status: 'SKIPPED', reason: 'TOO_LARGE', detail });
  };
  const isSame = previous && sameMembers(tips, previous.tips) && onRemote.every((oid) => previous.prerequisites.includes(oid));
  if (isSame) {
    const same = {
      packs: kept,
      tips,
      prerequisites: previous.prerequisites,
      unpushed: previous.unpushed,
      broken: new Set<string>(),
      gaps: [],
    };
    return tooLarge(keptBytes) ?? same;
  }
  if (tips.length === 0) return { packs: [], tips, prerequisites: onRemote.sort(), unpushed: 0, broken: new Set(), gaps: [] };
  try {
    request.borrow();
    const onSide = await presentObjects(request.side, [...remote], request.signal);
    const { sound, broken } = await sortOut(request.side, tips, onSide, request.signal);
    const pack = new CommitPack(request, onSide);
    const gaps = [...broken].map((oid) => brokenGap(leads.get(oid) ?? [], oid));
    const boundary = await pack.boundary(sound);
    const extend = previous !== null && kept.length < manyPacks;
    if (request.refuse) {
      const refused = tooLarge((extend ? keptBytes : 0) + (await pack.bytes(sound, extend ? [...covered] : [])));
      if (refused) return refused;
    }
    const added = sound.length === 0 ? null : await pack.write(sound, extend ? [...covered] : []);
    return {
      packs: [...(extend ? kept : []), ...(added ? [added] : [])],
      tips: sound,
      prerequisites: [...new Set([...onRemote, ...boundary.remote, ...(extend ? previous.prerequisites : [])])].sort(),
      unpushed: boundary.commits,
      broken,
      gaps,
    };
  } catch (error) {
    if (!(error instanceof ObjectsUnreadableError)) throw error;
    return withoutCommits(tips, onRemote, { status: 'FAILED', reason: 'OBJECTS_UNREADABLE', detail: error.message });
  }
}

const withoutCommits = (tips: readonly string[], onRemote: string[], gap: Omit<Gap, 'path'>): CapturedCommits => ({
  packs: [],
  tips: [],
  prerequisites: onRemote.sort(),
  unpushed: 0,
  broken: new Set(tips),
  gaps: [{ path: '.git/objects', ...gap }],
});

const sameMembers = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((oid, n) => oid === b[n]);

/**
 * Whether a workspace without the commit would be another one; remote-tracking refs, the remote's tags and what was
 * fetched last only tell of the remote, and where HEAD was only of what has been.
 */
const buildsOn = (name: BytePath): boolean =>
  !name.startsWith('refs/remotes/') &&
  !name.startsWith('refs/tags/') &&
  !/^\.git\/(?:FETCH_HEAD|ORIG_HEAD|logs\/HEAD)$/.test(name);

/** Every object that something leads to, with the names that lead there. */
function tipsOf({ refs, moreTips }: CaptureCommitsRequest): Map<string, BytePath[]> {
  const leads = new Map<string, BytePath[]>();
  const add = (oid: string, name: BytePath) => {
    const names = leads.get(oid);
    if (names) names.push(name);
    else leads.set(oid, [name]);
  };
  for (const [name, target] of refs.refs) if ('oid' in target) add(target.oid, name);
  if (refs.head && 'oid' in refs.head) add(refs.head.oid, 'HEAD');
  for (const [name, oid] of moreTips) add(oid, name);
  return leads;
}

const brokenGap = (names: readonly BytePath[], oid: string): Gap => ({
  path: names[0] ?? 'HEAD',
  status: 'FAILED',
  reason: 'OBJECT_MISSING',
  detail: `${names.join(', ')} leads to ${oid}, of which the repository does not have everything`,
});

class CommitPack {
  readonly #request: CaptureCommitsRequest;
  /** Objects of the remote that the agent has not thrown away: the others cannot be left out by name. */
  readonly #remote: readonly string[];

  constructor(request: CaptureCommitsRequest, remote: readonly string[]) {
    this.#request = request;
    this.#remote = remote;
  }

  #run(args: readonly string[], tips: readonly string[], without: readonly string[], readStdout?: GitCall['readStdout']) {
    const { side, signal } = this.#request;
    return side.run(args, { input: revisions(tips, without), signal, deadlineMs, ...(readStdout ? { readStdout } : {}) });
  }

  /** The remote's commits that those of the tips build on, and how many there are that no remote is known to have. */
  async boundary(tips: readonly string[]): Promise<{ remote: readonly string[]; commits: number }> {
    if (tips.length === 0) return { remote: [], commits: 0 };
    const { stdout } = await this.#run(['rev-list', '--boundary', '--stdin'], tips, this.#remote);
    const remote = stdout
      .toString('latin1')
      .split('\n')
      .filter((line) => line.startsWith('-'))
      .map((line) => line.slice(1));
    return { remote, commits: await this.#countUnpushed(new Set(tips)) };
  }

  /** What the objects that the tips lead to take on the agent's disk, without what the remote or earlier packs have. */
  async bytes(tips: readonly string[], covered: readonly string[]): Promise<number> {
    const { side, signal } = this.#request;
    const without = [...this.#remote, ...(await presentObjects(side, covered, signal))];
    const { stdout } = await this.#run(['rev-list', '--objects', '--disk-usage', '--stdin'], tips, without);
    return Number(stdout.toString().trim());
  }

  async #countUnpushed(tips: ReadonlySet<string>): Promise<number> {
    const { refs, head } = this.#request.refs;
    const under = (folder: BytePath) =>
      [...refs].flatMap(([name, target]) =>
        name.startsWith(folder) && 'oid' in target && tips.has(target.oid) ? [target.oid] : [],
      );
    const local = [...under('refs/heads/'), ...(head && 'oid' in head && tips.has(head.oid) ? [head.oid] : [])];
    if (local.length === 0) return 0;
    // A branch that the agent has pushed is on a remote: for a number that people read, its own word is good enough.
    const { stdout } = await this.#run(['rev-list', '--count', '--stdin'], local, [...this.#remote, ...under('refs/remotes/')]);
    return Number(stdout.toString().trim());
  }

  /**
   * Packs what the tips lead to, without what the remote or earlier packs have. Null when that is nothing. The pack is
   * not thin: should the remote lose what it builds on, the files in it can be read all the same.
   */
  async write(tips: readonly string[], covered: readonly string[]): Promise<Placement | null> {
    const { side, writer, signal } = this.#request;
    const without = [...this.#remote, ...(await presentObjects(side, covered, signal))];
    let placed: Placement | null = null;
    await this.#run(['pack-objects', '--revs', '--stdout', '--delta-base-offset', '--quiet'], tips, without, async (stdout) => {
      placed = await writer.streamed(stdout, emptyPackBytes[side.format]);
    });
    return placed;
  }
}
