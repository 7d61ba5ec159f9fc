import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Machine } from '../../config/machine.ts';
import { Problem } from '../problem.ts';

const run = promisify(execFile);

/** What a search may use, and whom it tells what it does. */
export interface Search {
  readonly machine: Machine;
  /** Hears what takes long, in a few words. */
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** A place where a program may be, or a way to get it. */
export interface Source {
  /** For the line that says where it was taken from: "the PATH". */
  readonly name: string;
  /** Paths to try; none when it is not there. Throws when it is there and fails. */
  find(search: Search): Promise<readonly string[]>;
}

/** A program that Baton needs and does not bring. */
export interface Tool {
  readonly name: string;
  /** In the order in which they are tried. */
  readonly sources: readonly Source[];
  /** The arguments that make it say its version; running it so proves that it works here. */
  readonly versionArguments: readonly string[];
  /** Why what it said is not good enough, or null. */
  refuse(output: string): string | null;
  /** What to type when it is nowhere. */
  readonly advice: string;
}

export interface FoundTool {
  readonly path: string;
  /** What it says of its version, in one line. */
  readonly version: string;
  readonly source: string;
}

const trialMs = 30_000;

/**
 * Looks for a program in its sources, in their order; each candidate is run before it is taken.
 * Throws a Problem that names what was tried and what to type.
 */
export async function findTool(tool: Tool, search: Search): Promise<FoundTool> {
  const tried: string[] = [];
  for (const source of tool.sources) {
    search.signal?.throwIfAborted();
    try {
      const candidates = await source.find(search);
      for (const path of candidates) {
        const outcome = await tryCandidate(tool, path);
        if ('version' in outcome) return { path, version: outcome.version, source: source.name };
        tried.push(`${source.name}: ${path} ${outcome.refused}`);
      }
      if (candidates.length === 0) tried.push(`${source.name}: not there`);
    } catch (error) {
      search.signal?.throwIfAborted();
      // A full disk is not mended by looking further.
      if (error instanceof Problem) throw error;
      tried.push(`${source.name}: ${(error as Error).message.trim()}`);
    }
  }
  throw new Problem(`${tool.name} was not found.\n${tried.map((line) => `  ${line}`).join('\n')}\n${tool.advice}`);
}

async function tryCandidate(tool: Tool, path: string): Promise<{ version: string } | { refused: string }> {
  try {
    const { stdout, stderr } = await run(path, [...tool.versionArguments], { timeout: trialMs, encoding: 'utf8' });
    const output = (stdout.trim() || stderr.trim()).trim();
    const refused = tool.refuse(output);
    return refused === null ? { version: output.split('\n')[0] ?? '' } : { refused };
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    return { refused: `does not run: ${stderr.trim().split('\n')[0] || message.split('\n')[0]}` };
  }
}

/** The directories of PATH, under any of a program's names. */
export function onPath(...names: string[]): Source {
  return {
    name: 'the PATH',
    async find({ machine }) {
      const paths = machine.path.flatMap((directory) => names.map((name) => join(directory, name)));
      const usable = await Promise.all(paths.map(isExecutable));
      return paths.filter((_, index) => usable[index]);
    },
  };
}

/** Whether there is a program at a path. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
