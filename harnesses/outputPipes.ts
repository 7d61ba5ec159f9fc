import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface OutputPipe {
  /** What a process that is to write into it gets as its descriptor. */
  readonly descriptor: number;
  readonly stream: Socket;
  /** Gives up our own end for writing, once the process has its copy: only then can the stream end. */
  release(): void;
}

/**
 * Makes pipes for a command's output, in a directory that is its own. Node would give the command sockets, which
 * cannot be opened by name: `echo trouble >/dev/stderr` would fail in every script
 * (https://github.com/nodejs/node/issues/21941). Named pipes are the real ones that Node can open.
 */
export async function openOutputPipes(directory: string): Promise<{ readonly stdout: OutputPipe; readonly stderr: OutputPipe }> {
  const [out, err] = [join(directory, 'stdout'), join(directory, 'stderr')];
  await run('mkfifo', ['-m', '600', out, err]);
  const pipes = { stdout: openPipe(out), stderr: openPipe(err) };
  await Promise.all([rm(out), rm(err)]);
  return pipes;
}

function openPipe(path: string): OutputPipe {
  // The end for reading goes first and must not wait for a writer; then the end for writing finds its reader.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const descriptor = openSync(path, constants.O_WRONLY);
  const stream = new Socket({ fd: reader, readable: true, writable: false });
  let open = true;
  const release = (): void => {
    if (open) closeSync(descriptor);
    open = false;
  };
  return { descriptor, stream, release };
}
