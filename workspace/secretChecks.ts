import type { SecretFiles } from '../domain/declaration.ts';
import type { BytePath } from './bytePath.ts';
import { displayPath } from './bytePath.ts';
import { SecretScanner } from './secretScanner.ts';

/** All files of one capture are looked at for at most this long. Milliseconds. */
const captureDeadlineMs = 10_000;

/** One for the process: its thread takes a moment to start, and what it knows is every capture's. */
const scanner = new SecretScanner();

export type SecretVerdict =
  /** Nothing looks like a secret. */
  | { readonly kind: 'FINE' }
  /** A rule takes it for a secret. */
  | { readonly kind: 'SECRET'; readonly rule: string }
  /** There was no time to tell. */
  | { readonly kind: 'UNCHECKED' };

const fine: SecretVerdict = { kind: 'FINE' };

/** Looks for secrets in the files of one capture, as the environment's policy says. */
export class SecretChecks {
  readonly policy: SecretFiles;
  #leftMs = captureDeadlineMs;

  constructor(policy: SecretFiles) {
    this.policy = policy;
  }

  /** Null content, as that of large or binary files, is told by its name alone. */
  async look(path: BytePath, content: Buffer | null, sha256: string): Promise<SecretVerdict> {
    if (this.policy === 'INCLUDE') return fine;
    if (this.#leftMs <= 0) return { kind: 'UNCHECKED' };
    const began = performance.now();
    // Rules go by the name and its ending, not by the folder.
    const name = displayPath(path.slice(path.lastIndexOf('/') + 1));
    const text = content === null || content.subarray(0, 8_000).includes(0) ? '' : content.toString();
    const answer = await scanner.look(name, text, text === '' ? '' : sha256);
    this.#leftMs -= performance.now() - began;
    if (answer === null) return { kind: 'UNCHECKED' };
    return answer.rule === null ? fine : { kind: 'SECRET', rule: answer.rule };
  }
}
