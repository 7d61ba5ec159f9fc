/** Something that the local system runs: PostgreSQL, Temporal, a worker, the gateway. */
export interface Part {
  readonly name: string;
  /** Starts it and waits until it does its work. Throws a Problem when it can't. */
  start(context: StartContext): Promise<RunningPart>;
}

export interface StartContext {
  /** Hears what takes long, in a few words. */
  readonly progress: (text: string) => void;
  /** Aborted when the system stops while the part starts. */
  readonly signal: AbortSignal;
}

export interface RunningPart {
  /** Where and what it is, in a few words. */
  readonly detail: string;
  /** Resolves when it has ended, asked or not, with how, in words. Never rejects. */
  readonly exited: Promise<string>;
  /** Ends it as it should end, within seconds. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}
