import { tool, type ToolSet } from 'ai';
import { z } from 'zod';
import type { ToolKind } from '../../domain/toolCall.ts';
import { planLimits, planStatuses } from '../../domain/toolCall.ts';

const path = z.string().min(1).describe('The path, relative to the workspace.');

/** What each tool takes. */
export const toolInputs = {
  shell: z.object({
    command: z.string().min(1).describe('One or several lines of shell, run in the workspace.'),
    timeoutSeconds: z.number().min(1).max(7_200).optional().describe('Seconds after which it is stopped. Default: 600.'),
  }),
  read: z.object({
    path,
    fromLine: z.number().int().min(1).optional().describe('The first line to read. Default: 1.'),
    lines: z.number().int().min(1).max(5_000).optional().describe('How many lines. Default: 2000.'),
  }),
  write: z.object({ path, content: z.string().describe('All of the file.') }),
  edit: z.object({
    path,
    old: z.string().min(1).describe('The text to replace, exactly as it is in the file, long enough to be there once.'),
    new: z.string().describe('What to put in its place.'),
    everywhere: z.boolean().optional().describe('Replace it wherever it is. Default: false.'),
  }),
  search: z.object({
    pattern: z.string().min(1).describe('An extended regular expression, as grep -E takes it.'),
    path: z.string().min(1).optional().describe('The file or directory to search. Default: the whole workspace.'),
    glob: z.string().min(1).optional().describe('Only files whose name is like this: *.ts.'),
  }),
  plan: z.object({
    steps: z
      .array(z.object({ content: z.string().min(1), status: z.enum(planStatuses) }))
      .max(planLimits.entries)
      .describe('All steps, in order: they replace the plan of before.'),
  }),
} as const;

export type ToolName = keyof typeof toolInputs;
export type ToolInput<N extends ToolName> = z.output<(typeof toolInputs)[N]>;

const descriptions: Record<ToolName, string> = {
  shell: 'Runs a command in the workspace and gives what it prints and its exit code. A person may be asked first.',
  read: 'Reads a text file, or lists a directory.',
  write: 'Writes a text file, new or over the one that is there.',
  edit: 'Replaces text in a file.',
  search: 'Finds lines of files that match.',
  plan: 'Shows people what you mean to do, step by step. Use it for work of three steps and more, and keep it current.',
};

export const toolKindOf: Record<ToolName, ToolKind> = {
  shell: 'EXECUTE',
  read: 'READ',
  write: 'EDIT',
  edit: 'EDIT',
  search: 'SEARCH',
  plan: 'THINK',
};

export const isToolName = (name: string): name is ToolName => Object.hasOwn(toolInputs, name);

/** The tools as the model is told of them. They are run by the agent itself, one after another. */
export const toolSet: ToolSet = Object.fromEntries(
  Object.entries(toolInputs).map(([name, inputSchema]) => [
    name,
    tool({ description: descriptions[name as ToolName], inputSchema: inputSchema as z.ZodType }),
  ]),
);
