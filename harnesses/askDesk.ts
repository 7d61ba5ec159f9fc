import { constants, watch, type FSWatcher } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerText, parseAskRequest, refusalText } from './askRequest.ts';
import type { Ask } from './harness.ts';

/** A request at most, in bytes. */
const requestBytes = 64 * 1024;

/**
 * Where the questions of one turn's `ask` commands arrive, in a directory that the script can write. It is not trusted:
 * files are opened without following links, read up to a limit, and answers go into FIFOs that somebody reads, or
 * nowhere.
 */
export class AskDesk {
  readonly directory: string;
  readonly #ask: Ask;
  readonly #seen = new Set<string>();
  readonly #working = new Set<Promise<void>>();
  readonly #closed = new AbortController();
  #watcher: FSWatcher | null = null;

  private constructor(directory: string, ask: Ask) {
    this.directory = directory;
    this.#ask = ask;
  }

  /** Opens a desk in an empty directory of its own. */
  static async open(directory: string, ask: Ask): Promise<AskDesk> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const desk = new AskDesk(directory, ask);
    desk.#watcher = watch(directory, () => desk.#look());
    desk.#watcher.on('error', () => {});
    return desk;
  }

  /** No more questions: those that wait are told that nobody answers. */
  async close(): Promise<void> {
    this.#watcher?.close();
    this.#closed.abort();
    await Promise.allSettled(this.#working);
    await rm(this.directory, { recursive: true, force: true });
  }

  #look(): void {
    const looking = this.#takeRequests().catch(() => {});
    this.#working.add(looking);
    void looking.finally(() => this.#working.delete(looking));
  }

  async #takeRequests(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      if (!/^\w{1,40}\.request$/.test(name) || this.#seen.has(name)) continue;
      this.#seen.add(name);
      await this.#take(path.join(this.directory, name));
    }
  }

  async #take(request: string): Promise<void> {
    const content = await readRegularFile(request, requestBytes);
    const reply = (text: string) => writeToReader(request.replace(/\.request$/, '.answer'), text);
    if (content === null) return reply(refusalText('the question is too long'));
    const question = parseAskRequest(content);
    if (typeof question === 'string') return reply(refusalText(question));
    const answer = await this.#ask(question, this.#closed.signal).catch(() => null);
    await reply(answerText(answer));
  }
}

/** The content of a regular file that is not a link; null when it is something else or larger than `most`. */
async function readRegularFile(file: string, most: number): Promise<Buffer | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (!handle) return null;
  try {
    const stat = await handle.stat();
    return stat.isFile() && stat.size <= most ? await handle.readFile() : null;
  } finally {
    await handle.close();
  }
}

/** How long `ask` may take from its question to reading the answer, in milliseconds; then whoever asked is gone. */
const readerWithinMs = 5_000;

/** Writes to a FIFO as soon as somebody reads it; does nothing when nobody comes, for then whoever asked is gone. */
async function writeToReader(fifo: string, text: string): Promise<void> {
  for (const until = performance.now() + readerWithinMs; performance.now() < until; await sleep(20)) {
    const opened = await open(fifo, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      ({ code }: NodeJS.ErrnoException) => code,
    );
    // ENXIO: nobody has opened it for reading yet.
    if (opened === 'ENXIO') continue;
    if (typeof opened !== 'object') return;
    try {
      if ((await opened.stat()).isFIFO()) await opened.writeFile(text);
    } catch {
      // It went away while it was written.
    } finally {
      await opened.close();
    }
    return;
  }
}
