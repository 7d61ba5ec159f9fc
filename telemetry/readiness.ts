/** A part that a process cannot do without; `check` rejects when it cannot be reached. */
export interface Check {
  readonly part: string;
  check(): Promise<unknown>;
}

export interface PartState {
  readonly part: string;
  /** Null when the part can be reached; else why not, in words that give nothing away. */
  readonly reason: string | null;
}

/** How long a part may take to answer, in milliseconds. */
export const answerMs = 2_000;
/** How long an answer stands, in milliseconds: whoever asks often does not burden the parts. */
const standsMs = 1_000;

const words: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was lost',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'it does not answer',
  ENOENT: 'it is not there',
  ENOTDIR: 'it is not in a directory',
  EACCES: 'it may not be used by this user',
  EROFS: 'it can only be read',
};

/** Whether a process can do its work: each part that it needs is asked, and may have a reason why not. */
export class Readiness {
  readonly #checks: readonly Check[];
  readonly #tell: (part: string, error: unknown) => void;
  #asked: { readonly at: number; readonly states: Promise<readonly PartState[]> } | null = null;
  #draining = false;
  readonly #troubled = new Set<string>();
  readonly #checking = new Set<Promise<unknown>>();

  /** `tell` hears the error of each part when it begins, for the log. */
  constructor(checks: readonly Check[], tell: (part: string, error: unknown) => void) {
    this.#checks = checks;
    this.#tell = tell;
  }

  /** From now on nothing new is to be sent here. */
  drain(): void {
    this.#draining = true;
  }

  /** How each part is now, or was less than a second ago. */
  async ask(): Promise<readonly PartState[]> {
    if (!this.#asked || performance.now() - this.#asked.at > standsMs) {
      this.#asked = { at: performance.now(), states: Promise.all(this.#checks.map((check) => this.#state(check))) };
    }
    const states = await this.#asked.states;
    return this.#draining ? [...states, { part: 'process', reason: 'it is being stopped' }] : states;
  }

  /** Resolves when no part is being asked, so that the way to it can be closed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#checking);
  }

  #tracked<T>(checking: Promise<T>): Promise<T> {
    this.#checking.add(checking);
    const forget = () => this.#checking.delete(checking);
    checking.then(forget, forget);
    return checking;
  }

  async #state({ part, check }: Check): Promise<PartState> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(Object.assign(new Error(`no answer within ${answerMs} ms`), { code: 'ETIMEDOUT' })),
        answerMs,
      );
    });
    try {
      await Promise.race([this.#tracked(check()), late]);
      this.#troubled.delete(part);
      return { part, reason: null };
    } catch (error) {
      if (!this.#troubled.has(part)) this.#tell(part, error);
      this.#troubled.add(part);
      return { part, reason: reasonOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A reason without addresses or names, which probes from outside may see; the log has the rest. */
function reasonOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: string };
  if (typeof code === 'string') return words[code] ?? `it answers with ${code}`;
  return `it fails with ${name ?? 'an error'}`;
}
