/**
 * What an agent that asks for permission may do without. ASK: every command is asked for. ALLOW_LIST: but for those that
 * begin as one of the list does. ALLOW_ALL: nothing is asked. Files of the workspace are read and changed in any case.
 */
export const permissionModes = ['ASK', 'ALLOW_LIST', 'ALLOW_ALL'] as const;
export type PermissionMode = (typeof permissionModes)[number];

/** The policy of an environment. */
export interface Permissions {
  readonly mode: PermissionMode;
  /** Beginnings of commands, whole words: `npm test` allows `npm test -- --run`, not `npm testify`. */
  readonly allowedCommands: readonly string[];
}

export const askAlways: Permissions = { mode: 'ASK', allowedCommands: [] };

/** What a shell does more with than run one program with its arguments. */
const moreThanOne = /[;&|<>`$(){}\n\r\\*?!#~[\]"']/;

/** Whether the list allows a command. One that a shell takes for more than a program with plain arguments is never on it. */
export function isAllowedCommand({ mode, allowedCommands }: Permissions, command: string): boolean {
  if (mode !== 'ALLOW_LIST' || moreThanOne.test(command)) return false;
  const words = command.trim().split(/\s+/);
  return allowedCommands.some((allowed) => {
    const beginning = allowed.trim().split(/\s+/);
    return beginning[0] !== '' && beginning.every((word, index) => words[index] === word);
  });
}
