import { cutText } from '../outputText.ts';

/** What a model is given of the result of a tool, in bytes: the beginning and the end. */
const headBytes = 12 * 1024;
const tailBytes = 12 * 1024;

/** Keeps of a text as much as a model is given, while it comes. */
export class ModelView {
  #head = '';
  #tail = '';
  #bytes = 0;

  take(text: string): void {
    this.#bytes += Buffer.byteLength(text);
    const room = headBytes - Buffer.byteLength(this.#head);
    const [head, rest] = room > 0 ? cutText(text, room) : ['', text];
    this.#head += head;
    // Cut seldom: a slice of what is far longer than it has to be.
    this.#tail += rest;
    if (this.#tail.length > 4 * tailBytes) this.#tail = this.#tail.slice(-tailBytes);
  }

  get text(): string {
    const tail = this.#tail.slice(-tailBytes);
    const left = this.#bytes - Buffer.byteLength(this.#head) - Buffer.byteLength(tail);
    return left > 0 ? `${this.#head}\n[${left} bytes are left out here]\n${tail}` : this.#head + tail;
  }
}
