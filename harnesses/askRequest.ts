import type { PromptAnswer, PromptOption, PromptQuestion } from '../domain/prompt.ts';

export type Question = Omit<PromptQuestion, 'promptId'>;

/** What a script may ask at most. */
const most = { questionCharacters: 4_000, options: 20, labelCharacters: 200 };

/** Reads what `ask` wrote: NUL-separated fields, each with a letter that names it. A text when it cannot be asked. */
export function parseAskRequest(content: Buffer): Question | string {
  const fields = content
    .toString('utf8')
    .split('\0')
    .filter((field) => field !== '');
  const question =
    fields
      .find((field) => field.startsWith('q'))
      ?.slice(1)
      .trim() ?? '';
  if (question === '') return 'the question is empty';
  if (question.length > most.questionCharacters) return `the question has more than ${most.questionCharacters} characters`;
  const options: PromptOption[] = [];
  for (const field of fields.filter((candidate) => candidate.startsWith('o'))) {
    const [, id = '', label = id] = /^o([^=]*)(?:=(.*))?$/s.exec(field) ?? [];
    if (id === '' || id.length > 100) return 'an option is written ID=LABEL, with an ID of 1 to 100 characters';
    if (label.length > most.labelCharacters) return `the label of ${id} has more than ${most.labelCharacters} characters`;
    if (options.some((option) => option.id === id)) return `the option ${id} is there twice`;
    options.push({ id, label: label === '' ? id : label });
  }
  if (options.length > most.options) return `there are more than ${most.options} options`;
  return { kind: 'QUESTION', question, options, freeText: options.length === 0 || fields.includes('t') };
}

/** What `ask` reads at its FIFO: a letter, then the answer. */
export function answerText(answer: PromptAnswer | null): string {
  return answer === null ? 'n' : `a${answer.optionId ?? answer.text ?? ''}`;
}

export const refusalText = (reason: string): string => `r${reason}`;
