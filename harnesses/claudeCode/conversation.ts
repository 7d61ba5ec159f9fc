import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { z } from 'zod';
import { FailureError } from '../../domain/failure.ts';
import type { ConversationState } from '../harness.ts';

/**
 * A conversation of Claude Code as it is carried: what it keeps of it below `~/.claude/projects/<project>/`, in
 * `<id>.jsonl` and the directory `<id>/`, and what it noted for itself in `memory/`.
 */
const format = 'claude-code/1';
const projects = join('.claude', 'projects');
const memory = 'memory';

/** A larger conversation is not carried. */
const mostBytes = 128 * 1024 * 1024;
const mostFiles = 5_000;

const stored = z.object({
  files: z.array(z.object({ path: z.string(), text: z.string().optional(), base64: z.string().optional() })),
});
type StoredFile = z.output<typeof stored>['files'][number];

/** The directory that the program keeps for a working directory. */
const projectOf = (workspace: string): string => workspace.replaceAll(/[^a-zA-Z0-9]/g, '-');

/** What is too large, or has too many files, to be carried. */
export class ConversationTooLargeError extends Error {}

/**
 * Reads a conversation from an agent's home; null when it has not begun. The home is the agent's to write: no link is
 * followed on the way. Throws ConversationTooLargeError.
 */
export async function readConversation(home: string, conversationId: string): Promise<ConversationState | null> {
  const directory = await findProject(home, conversationId);
  if (directory === null) return null;
  const files: StoredFile[] = [];
  let bytes = 0;
  const take = async (path: string): Promise<void> => {
    const content = await readPlainFile(join(directory, path), mostBytes - bytes);
    if (content === null) return;
    bytes += content.length;
    if (files.push({ path, ...encode(content) }) > mostFiles) throw new ConversationTooLargeError();
  };
  const walk = async (path: string): Promise<void> => {
    if (!(await isDirectory(join(directory, path)))) return;
    for (const entry of await readdir(join(directory, path), { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) await walk(child);
      else if (entry.isFile()) await take(child);
    }
  };
  await take(`${conversationId}.jsonl`);
  await walk(conversationId);
  await walk(memory);
  return { format, conversationId, content: Buffer.from(JSON.stringify({ files })) };
}

/** Puts a conversation into an agent's home, for a workspace of this path. Rejects with a FailureError when it cannot be read. */
export async function writeConversation(home: string, workspace: string, conversation: ConversationState): Promise<void> {
  const directory = join(projects, projectOf(workspace));
  for (const { path, text, base64 } of filesOf(conversation)) {
    const target = join(directory, path);
    await makeDirectories(home, dirname(target));
    // Removed as what it is: a link that lies there is not followed.
    await rm(join(home, target), { recursive: true, force: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(join(home, target), flags, 0o600);
    try {
      await file.writeFile(text ?? Buffer.from(base64 ?? '', 'base64'));
    } finally {
      await file.close();
    }
  }
}

/** Whether the program can resume the conversation: it has begun to keep it. */
export const hasConversation = async (home: string, conversationId: string): Promise<boolean> =>
  (await findProject(home, conversationId)) !== null;

function filesOf({ format: given, conversationId, content }: ConversationState): readonly StoredFile[] {
  const parsed = given === format ? stored.safeParse(parseJson(content)).data : undefined;
  const isInside = ({ path }: StoredFile) => !path.startsWith(sep) && !path.split(sep).includes('..');
  if (z.guid().safeParse(conversationId).success && parsed?.files.every(isInside)) return parsed.files;
  throw new FailureError(
    'AGENT_FAILED',
    `The conversation of the earlier sessions cannot be read: it is not of the form ${format}. Continue the run from an earlier ` +
      'snapshot, or on a worker of the version that wrote it.',
  );
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString('utf8'));
  } catch {
    return null;
  }
}

/** The project's directory that has the conversation; its name comes from where the program was started. */
async function findProject(home: string, conversationId: string): Promise<string | null> {
  for (const path of ['.claude', projects]) if (!(await isDirectory(join(home, path)))) return null;
  for (const name of (await readdir(join(home, projects))).sort()) {
    const directory = join(home, projects, name);
    if (!(await isDirectory(directory))) continue;
    const stat = await lstat(join(directory, `${conversationId}.jsonl`)).catch(() => null);
    if (stat?.isFile()) return directory;
  }
  return null;
}

const isDirectory = async (path: string): Promise<boolean> => (await lstat(path).catch(() => null))?.isDirectory() ?? false;

/** A regular file's content; null for anything else, a link too. */
async function readPlainFile(path: string, most: number): Promise<Buffer | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (!file) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return null;
    if (stat.size > most) throw new ConversationTooLargeError();
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Text as it is, so that what two snapshots share is stored once more or less; anything else in base64. */
function encode(content: Buffer): { text: string } | { base64: string } {
  const text = content.toString('utf8');
  return Buffer.from(text).equals(content) ? { text } : { base64: content.toString('base64') };
}

/** Makes directories below the home, each a real one: setup commands ran in this home, and could have left links. */
async function makeDirectories(home: string, relative: string): Promise<void> {
  let path = home;
  for (const part of relative.split(sep)) {
    path = join(path, part);
    await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!(await isDirectory(path))) {
      throw new FailureError(
        'AGENT_FAILED',
        `The agent’s conversation cannot be put back: ${relative} in its home is a link or a file.`,
      );
    }
  }
}
