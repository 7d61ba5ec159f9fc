import type { Permissions } from '../../domain/permissions.ts';
import { isAllowedCommand } from '../../domain/permissions.ts';
import type { Ask } from '../harness.ts';

/** Whether a command may run; a denial with the person's words, where there are any. */
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly why: string };

const options = [
  { id: 'allow', label: 'Allow once' },
  { id: 'session', label: 'Allow all commands in this session' },
  { id: 'deny', label: 'Deny' },
] as const;

/** Decides on the commands of one session: by the environment's policy, and by the person whom it asks. */
export class PermissionDesk {
  readonly #permissions: Permissions;
  #all = false;

  constructor(permissions: Permissions) {
    this.#permissions = permissions;
  }

  async decide(command: string, ask: Ask, signal: AbortSignal): Promise<Decision> {
    if (this.#all || this.#permissions.mode === 'ALLOW_ALL' || isAllowedCommand(this.#permissions, command))
      return { allowed: true };
    const answer = await ask({ kind: 'PERMISSION', question: question(command), options, freeText: true }, signal);
    if (answer?.optionId === 'session') this.#all = true;
    if (answer?.optionId === 'allow' || answer?.optionId === 'session') return { allowed: true };
    if (answer === null) return { allowed: false, why: 'Nobody answered whether the command may run.' };
    const said = answer.text?.trim();
    return { allowed: false, why: said ? `The person denied the command and said: ${said}` : 'The person denied the command.' };
  }
}

/** What a prompt shows of a command, in characters. */
const shownCharacters = 3_000;

const question = (command: string): string =>
  command.length <= shownCharacters ? command : `${command.slice(0, shownCharacters)}\n… (${command.length} characters)`;
