import { spawn } from 'node:child_process';

/**
 * Sees to it that a process in a session of its own does not outlive this one, even when this one is killed: a shell waits
 * for the end of a pipe that only we hold open. For tests and tools; the local system's parts are to survive.
 * Gives what takes the guard away, which is to be called before the process is ended.
 */
export function guard(pid: number, signal: 'INT' | 'TERM'): () => void {
  const script = `trap '' INT TERM HUP; read -r _; kill -${signal} ${pid} 2>/dev/null`;
  const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  return () => shell.kill('SIGKILL');
}
