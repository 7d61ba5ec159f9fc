/** What a snapshot may hold at most. Bytes. */
export interface SizeLimits {
  /** One file. */
  readonly file: number;
  /** All files together, as they are in the workspace. */
  readonly all: number;
}

/** Counts the files of one snapshot against its limits. */
export class Sizes {
  readonly #limits: SizeLimits;
  #bytes = 0;

  constructor(limits: SizeLimits) {
    this.#limits = limits;
  }

  /** Counts in what all commits of a nested repository take, or says why they must stay out. */
  refuseCommits(bytes: number): string | null {
    const { all } = this.#limits;
    if (this.#bytes + bytes > all)
      return `with its ${mebibytes(bytes)} of commits the snapshot would have more than ${mebibytes(all)}: BATON_SNAPSHOT_MIB on the workers`;
    this.#bytes += bytes;
    return null;
  }

  /** Counts a file in, or says why it must stay out. */
  refuse(bytes: number): string | null {
    const { file, all } = this.#limits;
    if (bytes > file)
      return `it has ${mebibytes(bytes)}, and a file may have ${mebibytes(file)}: BATON_SNAPSHOT_FILE_MIB on the workers`;
    if (this.#bytes + bytes > all)
      return `with its ${mebibytes(bytes)} the snapshot would have more than ${mebibytes(all)}: BATON_SNAPSHOT_MIB on the workers`;
    this.#bytes += bytes;
    return null;
  }
}

const mebibytes = (bytes: number): string => {
  const value = bytes / 1024 ** 2;
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)} MiB`;
};
