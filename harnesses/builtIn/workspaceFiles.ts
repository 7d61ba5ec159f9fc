import type { Readable } from 'node:stream';
import type { Sandbox, SandboxSetting } from '../sandbox.ts';

/** A file tool that cannot do what it was asked; its message is for the model. */
export class ToolProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ToolProblem';
  }
}

/** The largest file that is read or written whole, in bytes. */
export const mostFileBytes = 2 * 1024 * 1024;
/** What a search gives at most, in bytes. */
const mostFoundBytes = 24 * 1024;
/** A file that hangs, such as one on a network, is given up after this long, in milliseconds. */
const withinMs = 60_000;

/**
 * What all of them begin with. `$target` is where the path leads, all links followed; one that leads out of the
 * workspace ends it. It runs in the sandbox, as the agent's own commands do: the worker itself opens nothing.
 */
const begin = `set -u
root=$(realpath .) || exit 70
target=$(realpath -m -- "$1") || exit 70
case $target in "$root"|"$root"/*) ;; *) echo "$1 leads out of the workspace" >&2; exit 77 ;; esac
`;

const read = `${begin}
[ -e "$target" ] || { echo "There is no file $1." >&2; exit 66; }
if [ -d "$target" ]; then ls -1Ap -- "$target"; exit 0; fi
[ -f "$target" ] || { echo "$1 is not a regular file." >&2; exit 65; }
[ "$(wc -c < "$target")" -le ${mostFileBytes} ] || { echo "$1 has more than ${mostFileBytes} bytes: read it with shell commands." >&2; exit 65; }
exec cat -- "$target"
`;

const write = `${begin}
[ ! -d "$target" ] || { echo "$1 is a directory." >&2; exit 65; }
[ ! -e "$target" ] || [ -f "$target" ] || { echo "$1 is not a regular file." >&2; exit 65; }
mkdir -p -- "$(dirname -- "$target")" && exec cat > "$target"
`;

const search = `${begin}
cd "$root" || exit 70
case $target in "$root") place=. ;; *) place=./\${target#"$root"/} ;; esac
# 141: head had enough.
grep -rnIE -m 100 --exclude-dir=.git --include="$3" -e "$2" -- "$place" | cut -c1-300 | head -c ${mostFoundBytes}
exit 0
`;

interface Ran {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Files of the workspace, as an agent's tools reach them: inside the sandbox, and never through a link that leads out. */
export class WorkspaceFiles {
  readonly #sandbox: Sandbox;
  readonly #setting: SandboxSetting;

  constructor(sandbox: Sandbox, setting: SandboxSetting) {
    this.#sandbox = sandbox;
    this.#setting = setting;
  }

  /** A file's text, or a directory's entries one a line. Throws ToolProblem, for what is not text too. */
  async read(path: string, signal: AbortSignal): Promise<string> {
    const { stdout } = await this.#run(read, [path], signal);
    const text = stdout.toString('utf8');
    if (text.includes('\0') || !Buffer.from(text).equals(stdout)) throw new ToolProblem(`${path} is not a text file.`);
    return text;
  }

  /** The same; null where there is nothing, or nothing that can be read as text. */
  async readIfThere(path: string, signal: AbortSignal): Promise<string | null> {
    try {
      return await this.read(path, signal);
    } catch (error) {
      if (error instanceof ToolProblem) return null;
      throw error;
    }
  }

  /** Writes a file, and makes the directories that it needs. Throws ToolProblem. */
  async write(path: string, content: string, signal: AbortSignal): Promise<void> {
    if (Buffer.byteLength(content) > mostFileBytes)
      throw new ToolProblem(`A file is written with at most ${mostFileBytes} bytes.`);
    await this.#run(write, [path], signal, content);
  }

  /** Lines that match an extended regular expression, as `path:line:text`. Throws ToolProblem. */
  async search(pattern: string, path: string, glob: string, signal: AbortSignal): Promise<string> {
    const { stdout, stderr } = await this.#run(search, [path, pattern, glob], signal);
    if (stdout.length === 0 && stderr !== '') throw new ToolProblem(stderr);
    return stdout.toString('utf8').replaceAll(/^\.\//gm, '').replaceAll('\0', '\u{fffd}');
  }

  async #run(script: string, args: readonly string[], signal: AbortSignal, input = ''): Promise<Ran> {
    if (args.some((arg) => arg.includes('\0'))) throw new ToolProblem('A path or pattern has no NUL.');
    signal.throwIfAborted();
    const process = await this.#sandbox.spawn(['/bin/sh', '-c', script, 'baton', ...args], { ...this.#setting, stdin: 'PIPE' });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
    const stop = (): void => void process.stop(0);
    limit.addEventListener('abort', stop, { once: true });
    if (limit.aborted) stop();
    // A script that ends without reading closes the pipe.
    process.stdin.on('error', () => {});
    process.stdin.end(input);
    try {
      const [exit, stdout, stderr] = await Promise.all([
        process.exit,
        collect(process.stdout, mostFileBytes + 1),
        collect(process.stderr, 4_096),
      ]);
      signal.throwIfAborted();
      const ran: Ran = { exitCode: exit.exitCode, stdout, stderr: stderr.toString('utf8').trim() };
      if (ran.exitCode !== 0) throw new ToolProblem(ran.stderr || `It did not end within ${withinMs / 1_000} seconds.`);
      return ran;
    } finally {
      limit.removeEventListener('abort', stop);
    }
  }
}

/** What a stream brings, as much of it as is wanted. */
async function collect(stream: Readable, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    if (size < most) parts.push(part as Buffer);
    size += (part as Buffer).length;
  }
  return Buffer.concat(parts).subarray(0, most);
}
