import type { PartNews } from '../supervisor/supervised.ts';
import { assertNever } from '../../domain/assertNever.ts';
import { seconds } from './line.ts';
import type { Report } from './report.ts';

/** Says what happens to parts while the system runs: a line each, with the time. */
export class NewsTeller {
  readonly #report: Report;
  /** The reasons that were said last: a part that stays down says so once. */
  readonly #said = new Map<string, string>();

  constructor(report: Report) {
    this.#report = report;
  }

  readonly tell = (part: string, news: PartNews): void => {
    const text = this.#describe(part, news);
    if (text === null) return;
    const [first = '', ...rest] = text.split('\n');
    const time = new Date().toTimeString().slice(0, 8);
    this.#report.line(`  ${this.#report.style('dim', time)}  ${first}`);
    for (const line of rest) this.#report.line(`            ${line}`);
  };

  #describe(part: string, news: PartNews): string | null {
    switch (news.type) {
      case 'died':
        return `${part} ${asClause(news.how)}; it is started again`;
      case 'restarted':
        this.#said.delete(part);
        return `${part} runs again (${seconds(news.ms)}), ${news.detail}`;
      case 'stuck': {
        if (this.#said.get(part) === news.reason) return null;
        this.#said.set(part, news.reason);
        return `${part} can't be started again: ${news.reason}\nIt is tried again and again, at least every 30 s.`;
      }
      default:
        return assertNever(news, 'news of a part');
    }
  }
}

/** "was killed by SIGKILL" goes on a sentence; a reason that is a sentence of its own follows a colon. */
function asClause(how: string): string {
  return /^(was killed|exited|ended)/.test(how) ? how : `ended: ${how}`;
}
