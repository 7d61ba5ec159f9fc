import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** Rules for which one file takes longer than this are stopped. Milliseconds. */
const fileDeadlineMs = 2_000;
/** The first file also waits until the rules are read. Milliseconds. */
const startDeadlineMs = 15_000;
/** Answers that are remembered. */
const mostRemembered = 20_000;

/** The name of a rule that takes a file for a secret; null when none does. */
export type SecretAnswer = { readonly rule: string | null };

/**
 * What runs in the thread: secretlint's recommended rules (https://github.com/secretlint/secretlint), and the one for
 * `.env` files. An answer is the name of a rule; what it found never leaves the thread.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const ready = Promise.all(workerData.modules.map((path) => import(path)));
parentPort.on('message', async ({ filePath, content }) => {
  const [{ lintSource }, preset, dotenv] = await ready;
  const rules = [{ id: 'preset', rule: preset.creator }, { id: 'no-dotenv', rule: dotenv.creator }];
  const options = { maskSecrets: true, noPhysicFilePath: true, config: { rules } };
  const answer = await lintSource({ source: { filePath, content, contentType: 'text' }, options });
  parentPort.postMessage({ rule: answer.messages[0]?.ruleId ?? null });
});
`;

const { resolve } = createRequire(import.meta.url);
const modules = () =>
  ['@secretlint/core', '@secretlint/secretlint-rule-preset-recommend', '@secretlint/secretlint-rule-no-dotenv'].map((name) =>
    resolve(name),
  );

/**
 * Tells files that look like secrets, by name and content. The rules run in a thread of their own, for content that an
 * agent wrote could make them take long: such a file is given up, and no one else waits for it.
 */
export class SecretScanner {
  readonly #known = new Map<string, SecretAnswer>();
  #thread: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** Null when it could not be told in time. `sha256` is the content’s; equal files are looked at once. */
  async look(name: string, content: string, sha256: string): Promise<SecretAnswer | null> {
    const key = `${sha256} ${name}`;
    const known = this.#known.get(key);
    if (known) return known;
    const asked = this.#last.then(() => this.#ask(name, content));
    this.#last = asked.catch(() => {});
    const answer = await asked;
    if (answer) this.#remember(key, answer);
    return answer;
  }

  #remember(key: string, answer: SecretAnswer): void {
    this.#known.set(key, answer);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostRemembered && oldest !== undefined) this.#known.delete(oldest);
  }

  async #ask(filePath: string, content: string): Promise<SecretAnswer | null> {
    const deadlineMs = this.#thread ? fileDeadlineMs : startDeadlineMs;
    const thread = (this.#thread ??= start());
    // While it is asked, the process must not end; otherwise the thread must not keep it.
    thread.ref();
    const answer = await this.#answerOf(thread, { filePath, content }, deadlineMs);
    thread.unref();
    if (answer === null) {
      this.#thread = null;
      await thread.terminate();
    }
    return answer && { rule: answer.rule === null ? null : shortName(answer.rule) };
  }

  #answerOf(thread: Worker, question: object, deadlineMs: number): Promise<SecretAnswer | null> {
    return new Promise((done) => {
      const finish = (answer: SecretAnswer | null) => {
        clearTimeout(timer);
        thread.off('message', finish).off('error', fail).off('exit', fail);
        done(answer);
      };
      const fail = () => finish(null);
      const timer = setTimeout(fail, deadlineMs);
      thread.on('message', finish).on('error', fail).on('exit', fail);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
      thread.postMessage(question);
    });
  }
}

/** What goes wrong between two questions shows at the next one, as it is not answered. */
const start = (): Worker =>
  new Worker(program, {
    eval: true,
    env: {},
    workerData: { modules: modules() },
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  }).on('error', () => {});

const shortName = (rule: string): string => rule.replace(/^@secretlint\/secretlint-rule-/, '');
