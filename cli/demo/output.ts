import { styleText } from 'node:util';

/** How the demo writes: a heading per session, a line per step, and output as it streams. */
export class DemoOutput {
  readonly #color: boolean;
  readonly #write: (text: string) => void;
  #atLineStart = true;

  constructor(stream: NodeJS.WriteStream) {
    this.#color = stream.isTTY === true && stream.hasColors();
    this.#write = (text) => void stream.write(text);
  }

  heading(text: string): void {
    this.#line('');
    this.#line(this.#style('bold', text));
  }

  state(text: string, detail: string | null): void {
    this.#line(
      `  ${this.#style('cyan', text.toLowerCase().replaceAll('_', ' '))}${detail === null ? '' : this.#style('dim', ` ${detail}`)}`,
    );
  }

  detail(text: string): void {
    this.#line(this.#style('dim', `  ${text}`));
  }

  plain(text: string): void {
    this.#line(text);
  }

  /** Output of a command, set off at the left. */
  stream(text: string): void {
    for (const part of text.split(/(?<=\n)/)) {
      this.#write((this.#atLineStart ? this.#style('dim', '  │ ') : '') + part);
      this.#atLineStart = part.endsWith('\n');
    }
  }

  #line(text: string): void {
    if (!this.#atLineStart) this.#write('\n');
    this.#write(`${text}\n`);
    this.#atLineStart = true;
  }

  #style(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#color ? styleText(format, text) : text;
  }
}
