import { z } from 'zod';
import { isAllowedCommand, type Permissions } from '../../domain/permissions.ts';
import type { PromptAnswer } from '../../domain/prompt.ts';
import { cutText } from '../outputText.ts';
import type { Ask } from '../harness.ts';
import type { ControlRequest } from './protocol.ts';

/** What the program is told: to go on, maybe with another input, or not. */
export type Decision =
  | { readonly behavior: 'allow'; readonly updatedInput: Readonly<Record<string, unknown>> }
  | { readonly behavior: 'deny'; readonly message: string };

export const allowed = { id: 'allow', label: 'Allow once' } as const;
export const allowedForSession = { id: 'session', label: 'Allow this tool in this session' } as const;
export const denied = { id: 'deny', label: 'Deny' } as const;

/** What a prompt shows of an input, in bytes. */
const shownBytes = 3_000;

const questions = z.object({
  questions: z.array(
    z.object({
      question: z.string(),
      multiSelect: z.boolean().nullish(),
      options: z.array(z.object({ label: z.string() })).default([]),
    }),
  ),
});

/** Decides on what Claude Code asks for, by the environment's policy and by people, to whom it also puts its own questions. */
export class PermissionDesk {
  readonly #permissions: Permissions;
  /** Tools that need not be asked for again in this session. */
  readonly #allowed = new Set<string>();

  constructor(permissions: Permissions) {
    this.#permissions = permissions;
  }

  async decide({ request }: ControlRequest, ask: Ask, signal: AbortSignal): Promise<Decision> {
    const { tool_name: tool = 'a tool', input } = request;
    const asked = tool === 'AskUserQuestion' ? questions.safeParse(input).data : undefined;
    if (asked) return { behavior: 'allow', updatedInput: { ...input, answers: await answersOf(asked, ask, signal) } };
    if (this.#isAllowed(tool, input)) return { behavior: 'allow', updatedInput: input };
    const options = [allowed, allowedForSession, denied];
    const answer = await ask({ kind: 'PERMISSION', question: questionOf(tool, input), options, freeText: true }, signal);
    if (answer?.optionId === allowedForSession.id) this.#allowed.add(tool);
    if (answer?.optionId === allowed.id || answer?.optionId === allowedForSession.id) {
      return { behavior: 'allow', updatedInput: input };
    }
    return { behavior: 'deny', message: denial(answer) };
  }

  #isAllowed(tool: string, { command }: Readonly<Record<string, unknown>>): boolean {
    if (this.#permissions.mode === 'ALLOW_ALL' || this.#allowed.has(tool)) return true;
    return tool === 'Bash' && typeof command === 'string' && isAllowedCommand(this.#permissions, command);
  }
}

function denial(answer: PromptAnswer | null): string {
  if (answer === null) return 'Nobody answered whether this may be done.';
  const said = answer.text?.trim();
  return said ? `The person denied this and said: ${said}` : 'The person denied this.';
}

function questionOf(tool: string, input: Readonly<Record<string, unknown>>): string {
  const { command } = input;
  if (tool === 'Bash' && typeof command === 'string') return shown(command);
  return `${tool}\n\n${shown(JSON.stringify(input, null, 2))}`;
}

function shown(text: string): string {
  const [head, rest] = cutText(text, shownBytes);
  return rest === '' ? head : `${head}\n… (${text.length} characters)`;
}

/** Its own questions, one after another; those that nobody answers are left out, which it understands. */
async function answersOf(
  { questions: all }: z.output<typeof questions>,
  ask: Ask,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const { question, options } of all) {
    const labels = options.map(({ label }, index) => ({ id: String(index), label }));
    const answer = await ask({ kind: 'QUESTION', question, options: labels, freeText: true }, signal);
    const text = labels.find(({ id }) => id === answer?.optionId)?.label ?? answer?.text ?? '';
    if (text !== '') answers[question] = text;
  }
  return answers;
}
