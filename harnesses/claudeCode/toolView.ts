import path from 'node:path';
import { z } from 'zod';
import type { ItemKind } from '../../domain/events.ts';
import { planStatuses, type PlanEntry, type ToolKind } from '../../domain/toolCall.ts';
import { scriptTitle } from '../shell.ts';

/** Its tools, in the words of the Agent Client Protocol; of others it is not known what they do. */
const kinds: Readonly<Record<string, ToolKind>> = {
  Agent: 'THINK',
  AskUserQuestion: 'OTHER',
  Bash: 'EXECUTE',
  Edit: 'EDIT',
  ExitPlanMode: 'THINK',
  Glob: 'SEARCH',
  Grep: 'SEARCH',
  MultiEdit: 'EDIT',
  NotebookEdit: 'EDIT',
  Read: 'READ',
  Task: 'THINK',
  ToolSearch: 'SEARCH',
  WebFetch: 'FETCH',
  WebSearch: 'SEARCH',
  Write: 'EDIT',
};

export const toolKind = (name: string): ToolKind => (Object.hasOwn(kinds, name) ? (kinds[name] ?? 'OTHER') : 'OTHER');

export const itemKind = (name: string): ItemKind => (name === 'Bash' ? 'COMMAND' : 'TOOL');

/** What of an input says what the tool is used on, the first that is there. */
const targets = ['file_path', 'notebook_path', 'path', 'pattern', 'url', 'query', 'description', 'skill', 'command'];

const titleCharacters = 120;

/** One line for people: the command, or the tool and what it is used on. */
export function toolTitle(name: string, input: Readonly<Record<string, unknown>>, workspace: string): string {
  const { command } = input;
  if (name === 'Bash' && typeof command === 'string') return scriptTitle(command) || name;
  const target = targets.map((field) => input[field]).find((value) => typeof value === 'string' && value !== '');
  if (typeof target !== 'string') return name;
  const line = `${name} ${inWorkspace(target, workspace)}`.replaceAll(/\s+/g, ' ');
  return line.length <= titleCharacters ? line : `${line.slice(0, titleCharacters - 1)}…`;
}

/** A path below the workspace as it is seen from there; any other text as it is. */
export function inWorkspace(target: string, workspace: string): string {
  return target.startsWith(workspace + path.posix.sep) ? target.slice(workspace.length + 1) : target;
}

export interface ShownDiff {
  readonly path: string;
  readonly oldText: string | null;
  readonly newText: string | null;
}

const written = z.object({ filePath: z.string(), content: z.string(), originalFile: z.string().nullish() });
const edited = z.object({
  filePath: z.string(),
  oldString: z.string(),
  newString: z.string(),
  originalFile: z.string().nullish(),
  replaceAll: z.boolean().nullish(),
});

/** What a call changed in a file, from what the tool tells of itself; null when it changed none. */
export function diffOf(toolResult: unknown, workspace: string): ShownDiff | null {
  const write = written.safeParse(toolResult).data;
  if (write) {
    return { path: inWorkspace(write.filePath, workspace), oldText: write.originalFile ?? null, newText: write.content };
  }
  const edit = edited.safeParse(toolResult).data;
  if (!edit) return null;
  const { filePath, oldString, newString, originalFile, replaceAll } = edit;
  const shown = { path: inWorkspace(filePath, workspace) };
  if (originalFile === undefined || originalFile === null) return { ...shown, oldText: oldString || null, newText: newString };
  // By a function: in a text a `$` would stand for something else.
  const newText = replaceAll
    ? originalFile.replaceAll(oldString, () => newString)
    : originalFile.replace(oldString, () => newString);
  return { ...shown, oldText: originalFile, newText };
}

const todos = z.object({ todos: z.array(z.object({ content: z.string(), status: z.string() })) });

/** The plan in the input of TodoWrite; null when it has none. */
export function planIn(input: unknown): readonly PlanEntry[] | null {
  const plan = todos.safeParse(input).data;
  if (!plan) return null;
  return plan.todos.map(({ content, status }) => ({
    content,
    status: planStatuses.find((known) => known === status.toUpperCase()) ?? 'PENDING',
  }));
}

const shellResult = z.object({ stdout: z.string(), stderr: z.string() });

/** What a command printed, where the tool tells it apart. */
export const printedBy = (toolResult: unknown): z.output<typeof shellResult> | null =>
  shellResult.safeParse(toolResult).data ?? null;

/** The exit code of a command that failed, which the tool tells in words. */
export function exitCodeIn(text: string): number | null {
  const code = /^(?:Error: )?Exit code (\d+)/.exec(text)?.[1];
  return code === undefined ? null : Number(code);
}
