import { cutText } from '../outputText.ts';

/** Keeps of a text as much as a model is given, while it comes: as much of its beginning as of its end. */
export class ModelView {
  readonly #half: number;
  #head = '';
  #tail = '';
  #bytes = 0;

  constructor(bytes: number) {
    this.#half = Math.floor(bytes / 2);
  }

  take(text: string): void {
    this.#bytes += Buffer.byteLength(text);
    const room = this.#half - Buffer.byteLength(this.#head);
    const [head, rest] = room > 0 ? cutText(text, room) : ['', text];
    this.#head += head;
    // Cut seldom: a slice of what is far longer than it has to be.
    this.#tail += rest;
    if (this.#tail.length > 4 * this.#half) this.#tail = this.#tail.slice(-this.#half);
  }

  get text(): string {
    const tail = this.#tail.slice(-this.#half);
    const left = this.#bytes - Buffer.byteLength(this.#head) - Buffer.byteLength(tail);
    return left > 0 ? `${this.#head}\n[${left} bytes are left out here]\n${tail}` : this.#head + tail;
  }
}
