/** What a bench came to. Both figures are costs, so that for each of them, and for the ratio, smaller is better. */
export interface Measured {
  readonly ours: number;
  /** What ours is held against: a bound that was set, or a peer that was measured in the same run. */
  readonly limit: number;
  readonly unit: string;
  /** Further figures of the same run, with their units in their names. */
  readonly detail: Readonly<Record<string, number>>;
}

export interface BenchContext {
  /** Aborts at the bench's deadline, and when a person asks to stop. */
  readonly signal: AbortSignal;
  /** Hears what is under way, in words. */
  readonly progress: (text: string) => void;
  /** To see that it works rather than how fast: few repetitions on small input. */
  readonly quick: boolean;
}

export interface Bench {
  readonly name: string;
  /** What is measured and what it is held against, in one line. */
  readonly about: string;
  readonly deadlineMs: number;
  run(context: BenchContext): Promise<Measured>;
}
