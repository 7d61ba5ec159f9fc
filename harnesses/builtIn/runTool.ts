import type { PlanEntry } from '../../domain/toolCall.ts';
import { calledTool, itemDiff, planEntries, type CalledTool } from '../calledTool.ts';
import { runCommandItem } from '../commandItem.ts';
import type { TurnOutlet } from '../harness.ts';
import type { Sandbox, SandboxSetting } from '../sandbox.ts';
import { scriptTitle, shell } from '../shell.ts';
import { StreamedItem } from '../streamedItem.ts';
import type { RequestedCall } from './askModel.ts';
import { ModelView } from './modelView.ts';
import type { PermissionDesk } from './permissions.ts';
import { isToolName, toolInputs, toolKindOf, type ToolInput, type ToolName } from './tools.ts';
import { ToolProblem, type WorkspaceFiles } from './workspaceFiles.ts';

/** What the tools of a turn work with. */
export interface ToolBench {
  readonly sandbox: Sandbox;
  readonly setting: SandboxSetting;
  readonly files: WorkspaceFiles;
  readonly permissions: PermissionDesk;
  readonly outlet: TurnOutlet;
  readonly signal: AbortSignal;
  /** The same for all plans of the turn. */
  readonly planId: string;
  /** What the model is given of one result, in bytes. */
  readonly resultBytes: number;
  /** Hears what processes used. */
  readonly used: (cpuMs: number, peakMemoryBytes: number) => void;
}

const shellSeconds = 600;
const readLines = 2_000;

/** Runs one call, tells the transcript of it, and gives what the model is told. Rejects only for a defect. */
export async function runTool(bench: ToolBench, call: RequestedCall): Promise<string> {
  const { name, input } = call;
  if (!isToolName(name) || call.invalid !== null) return refuse(bench, call, call.invalid ?? `There is no tool ${name}.`);
  const parsed = toolInputs[name].safeParse(input);
  if (!parsed.success) return refuse(bench, call, `The input does not fit: ${parsed.error.message.slice(0, 1_000)}`);
  const called = calledTool({ id: call.id, name, kind: toolKindOf[name] }, input);
  switch (name) {
    case 'shell':
      return runShell(bench, parsed.data as ToolInput<'shell'>, called);
    case 'plan':
      return tellPlan(bench, (parsed.data as ToolInput<'plan'>).steps);
    default:
      return runFileTool(bench, name, parsed.data as FileInput, called);
  }
}

async function refuse({ outlet }: ToolBench, { id, name, input }: RequestedCall, why: string): Promise<string> {
  const called = calledTool({ id, name: name.slice(0, 100), kind: 'OTHER' }, input);
  const item = await StreamedItem.begin(outlet.emit, { kind: 'TOOL', title: name.slice(0, 100), ...called });
  await item.write(why, 'STDERR');
  await item.end('FAILED');
  return why;
}

async function runShell(bench: ToolBench, { command, timeoutSeconds }: ToolInput<'shell'>, call: CalledTool): Promise<string> {
  const { outlet, permissions, sandbox, setting, signal, resultBytes } = bench;
  const title = scriptTitle(command);
  const decision = await permissions.decide(command, outlet.ask, signal);
  if (!decision.allowed) {
    const item = await StreamedItem.begin(outlet.emit, { kind: 'TOOL', title, ...call });
    await item.write(decision.why, 'STDERR');
    await item.end('CANCELED');
    return `The command was not run. ${decision.why}`;
  }
  const view = new ModelView(resultBytes);
  const timeoutMs = (timeoutSeconds ?? shellSeconds) * 1_000;
  const { reason, exit } = await runCommandItem(
    sandbox,
    { kind: 'COMMAND', title, command: [shell, '-c', command], setting, timeoutMs, call, heard: (text) => view.take(text) },
    outlet.emit,
    signal,
  );
  bench.used(exit.cpuMs, exit.peakMemoryBytes);
  const how =
    reason === 'TIMED_OUT'
      ? `It was stopped after ${timeoutMs / 1_000} seconds.`
      : reason === 'ABORTED'
        ? 'It was stopped by a person.'
        : exit.signal
          ? `It was ended by ${exit.signal}.`
          : `Exit code ${exit.exitCode}.`;
  const stopped = exit.stopped > 0 && reason === 'ENDED' ? ` ${exit.stopped} processes that it left running were stopped.` : '';
  return `${view.text}\n${how}${stopped}`.trimStart();
}

async function tellPlan({ outlet, planId }: ToolBench, steps: readonly PlanEntry[]): Promise<string> {
  await outlet.emit({ type: 'plan.updated', planId, entries: planEntries(steps) });
  return 'People see the plan.';
}

type FileTool = Exclude<ToolName, 'shell' | 'plan'>;
type FileInput = ToolInput<FileTool>;

async function runFileTool(bench: ToolBench, name: FileTool, input: FileInput, call: CalledTool): Promise<string> {
  const { outlet, signal } = bench;
  const item = await StreamedItem.begin(outlet.emit, { kind: 'TOOL', title: titleOf(name, input), ...call });
  try {
    const result = await doFileTool(bench, name, input, item);
    await item.write(result.shown, 'STDOUT');
    await item.end('OK');
    return result.told;
  } catch (error) {
    if (signal.aborted) {
      await item.end('CANCELED');
      return 'It was stopped by a person.';
    }
    const problem = error instanceof ToolProblem;
    if (problem) await item.write(error.message, 'STDERR');
    await item.end('FAILED');
    if (!problem) throw error;
    return error.message;
  }
}

const titleOf = (name: FileTool, input: FileInput): string => {
  if (name !== 'search') return oneLine((input as ToolInput<'read'>).path);
  const { pattern, path, glob } = input as ToolInput<'search'>;
  return oneLine([pattern, ...(path ? [`in ${path}`] : []), ...(glob ? [`(${glob})`] : [])].join(' '));
};

const oneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`;
};

/** `told`: to the model. `shown`: in the transcript, besides a diff. */
interface Result {
  readonly told: string;
  readonly shown: string;
}

async function doFileTool(
  { files, outlet, signal, resultBytes }: ToolBench,
  name: FileTool,
  input: FileInput,
  item: StreamedItem,
): Promise<Result> {
  const change = async (path: string, before: string | null, after: string, told: string): Promise<Result> => {
    await files.write(path, after, signal);
    await outlet.emit(itemDiff(item.itemId, path, before, after));
    return { told, shown: '' };
  };
  switch (name) {
    case 'read': {
      const { path, fromLine = 1, lines = readLines } = input as ToolInput<'read'>;
      const text = linesOf(await files.read(path, signal), fromLine, lines);
      return { told: text === '' ? 'It is empty.' : viewOf(text, resultBytes), shown: text };
    }
    case 'search': {
      const { pattern, path = '.', glob = '*' } = input as ToolInput<'search'>;
      const found = await files.search(pattern, path, glob, signal);
      return { told: found === '' ? 'Nothing matches.' : viewOf(found, resultBytes), shown: found };
    }
    case 'write': {
      const { path, content } = input as ToolInput<'write'>;
      return change(path, await files.readIfThere(path, signal), content, `${path} is written.`);
    }
    case 'edit': {
      const { path, everywhere = false, old, new: put } = input as ToolInput<'edit'>;
      const before = await files.read(path, signal);
      const times = before.split(old).length - 1;
      if (times === 0) throw new ToolProblem(`The text to replace is not in ${path}. Read the file, then try again.`);
      if (times > 1 && !everywhere)
        throw new ToolProblem(
          `The text to replace is in ${path} ${times} times. Give more of it, or say that it is to be replaced everywhere.`,
        );
      return change(path, before, before.split(old).join(put), `${path} is changed.`);
    }
  }
}

function viewOf(text: string, bytes: number): string {
  const view = new ModelView(bytes);
  view.take(text);
  return view.text;
}

function linesOf(text: string, fromLine: number, count: number): string {
  const lines = text.split('\n');
  const shown = lines.slice(fromLine - 1, fromLine - 1 + count).join('\n');
  const left = lines.length - (fromLine - 1 + count);
  return left > 0 ? `${shown}\n[${left} more lines]` : shown;
}
