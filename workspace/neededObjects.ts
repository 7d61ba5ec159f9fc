import type { BytePath } from './bytePath.ts';
import type { SmallFile } from './fileShapes.ts';
import { objectsNeededBy } from './gitDirectory.ts';
import { resolveObjects } from './objectCheck.ts';
import { isOfOperation, isPointer, operationOf, operations, type Operation } from './operations.ts';
import { ObjectsUnreadableError, type SideRepository } from './sideRepository.ts';

const idLength = { sha1: 40, sha256: 64 } as const;

/** A file of the git directory that cannot be without an object which is not there. */
export interface LackingFile {
  readonly path: BytePath;
  readonly object: string;
}

/** An operation under way that cannot go on, with all its files, and the one by which that is so. */
export interface StoppedOperation {
  readonly files: readonly BytePath[];
  readonly by: LackingFile;
}

export interface SortedFiles {
  readonly whole: readonly SmallFile[];
  /** Files that stand for themselves. */
  readonly lone: readonly LackingFile[];
  readonly stopped: readonly StoppedOperation[];
}

/**
 * What objects small files of a git directory need: todo lists abbreviate them, so git is asked which those are, but
 * for ids that are whole.
 */
export class NeededObjects {
  /** By file: whole ids that it needs, as far as git can tell. */
  readonly byFile: readonly (readonly [path: BytePath, oid: string])[];
  readonly #files: readonly SmallFile[];
  readonly #oids: ReadonlyMap<string, string>;

  private constructor(files: readonly SmallFile[], oids: ReadonlyMap<string, string>) {
    this.#files = files;
    this.#oids = oids;
    this.byFile = files.flatMap((file) =>
      objectsNeededBy(file).flatMap((name) => {
        const oid = oids.get(name);
        return oid === undefined ? [] : [[file[0], oid] as const];
      }),
    );
  }

  /** `borrow` lets git see the agent's objects; it may find that they cannot be read. */
  static async of(
    side: SideRepository,
    files: readonly SmallFile[],
    borrow: () => void,
    signal: AbortSignal,
  ): Promise<NeededObjects> {
    const names = [...new Set(files.flatMap(objectsNeededBy))];
    const whole = names.filter((name) => name.length === idLength[side.format]);
    const short = names.filter((name) => name.length < idLength[side.format]);
    const oids = new Map(whole.map((name) => [name, name]));
    if (short.length === 0) return new NeededObjects(files, oids);
    try {
      borrow();
    } catch (error) {
      if (error instanceof ObjectsUnreadableError) return new NeededObjects(files, oids);
      throw error;
    }
    return new NeededObjects(files, new Map([...oids, ...(await resolveObjects(side, short, signal))]));
  }

  /**
   * Tells files whose objects are there from those that lack some. Of an operation under way all files lack what one
   * of them lacks, for it goes on as a whole.
   */
  sortOut(isThere: (oid: string) => boolean): SortedFiles {
    const lacking = this.#files.flatMap((file): LackingFile[] => {
      const object = objectsNeededBy(file).find((name) => !this.#isThere(name, isThere));
      return object === undefined ? [] : [{ path: file[0], object }];
    });
    const gone = new Set(lacking.map(({ path }) => path));
    const stopped = operations.flatMap((operation): StoppedOperation[] => {
      const by = lacking.find(({ path }) => isPartOf(path, operation) && !isPointer(path));
      return by ? [{ files: this.#files.map(([path]) => path).filter((path) => isPartOf(path, operation)), by }] : [];
    });
    for (const { files } of stopped) for (const path of files) gone.add(path);
    return {
      whole: this.#files.filter(([path]) => !gone.has(path)),
      lone: lacking.filter(({ path }) => !stopped.some(({ files }) => files.includes(path))),
      stopped,
    };
  }

  #isThere(name: string, isThere: (oid: string) => boolean): boolean {
    const oid = this.#oids.get(name);
    return oid !== undefined && isThere(oid);
  }
}

const isPartOf = (path: BytePath, operation: Operation): boolean => isOfOperation(path) && operationOf(path) === operation;
