import { styleText } from 'node:util';
import { lineOf, seconds, type Tone } from './line.ts';

/** What is written to: standard output, or a stand-in. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
}

/** A line that is still being worked on. */
export interface Row {
  progress(text: string): void;
  done(state: string, detail: string): void;
  failed(): void;
}

/** Without a terminal, work that takes long says so from time to time: a log of a build shows that it lives. */
const plainProgressMs = 15_000;
const redrawMs = 1_000;

interface OpenRow {
  readonly name: string;
  readonly began: number;
  text: string;
  told: number;
}

/**
 * What the local system says of itself: one line per part when it is done, with its state and how long it took. In a
 * terminal the lines that are still open stand below and are redrawn; elsewhere there are plain lines only.
 */
export class Report {
  readonly #out: Output;
  readonly #open = new Set<OpenRow>();
  #drawn = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(out: Output) {
    this.#out = out;
  }

  /** Begins a part's line. */
  begin(name: string): Row {
    const row: OpenRow = { name, began: Date.now(), text: '', told: Date.now() };
    this.#open.add(row);
    this.#redraw();
    const finish = (state: string, detail: string, tone: Tone) => {
      this.#open.delete(row);
      this.line(lineOf({ name, state, tone, ms: Date.now() - row.began, detail }, this.#style));
    };
    return {
      progress: (text) => this.#progress(row, text),
      done: (state, detail) => finish(state, detail, 'good'),
      failed: () => finish('failed', '', 'bad'),
    };
  }

  /** Writes a line that stays. */
  line(text = ''): void {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#redraw();
  }

  /** Removes what is still open, without a word: the system stops. */
  clear(): void {
    this.#open.clear();
    this.#redraw();
  }

  style(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#style(format, text);
  }

  readonly #style = (format: Parameters<typeof styleText>[0], text: string): string =>
    this.#out.isTTY === true && this.#out.hasColors?.() === true ? styleText(format, text) : text;

  #progress(row: OpenRow, text: string): void {
    row.text = text;
    if (this.#out.isTTY) this.#redraw();
    else if (Date.now() - row.told >= plainProgressMs && this.#open.has(row)) {
      row.told = Date.now();
      this.#out.write(
        `${lineOf({ ...row, state: 'starting', tone: 'dim', ms: Date.now() - row.began, detail: text }, this.#style)}\n`,
      );
    }
  }

  #redraw(): void {
    if (!this.#out.isTTY) return;
    this.#erase();
    const columns = this.#out.columns || 80;
    for (const { name, began, text } of this.#open) {
      const line = `  ${name.padEnd(12)} ${text || 'starting'} · ${seconds(Date.now() - began)}`;
      this.#out.write(`${this.#style('dim', line.slice(0, columns - 1))}\n`);
    }
    this.#drawn = this.#open.size;
    if (this.#open.size > 0) this.#timer ??= setInterval(() => this.#redraw(), redrawMs);
    else if (this.#timer) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #erase(): void {
    if (this.#drawn > 0) this.#out.write(`\u001B[${this.#drawn}A\u001B[J`);
    this.#drawn = 0;
  }
}
