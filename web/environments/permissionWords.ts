import type { PermissionMode } from '../generated/operations.ts';

/** What an agent that asks for permission does before a command, in words. */
export const permissionWords: Record<PermissionMode, string> = {
  ASK: 'asks before each command',
  ALLOW_LIST: 'asks but for listed commands',
  ALLOW_ALL: 'runs commands without asking',
};
