import { ConfigError } from './read.ts';

/** What a process says to the one that started it, over IPC. */
export type PartMessage =
  | { readonly type: 'ready'; readonly url?: string }
  | { readonly type: 'failed'; readonly message: string };

export interface RunningPart {
  readonly url?: string;
  /** A part that has not stopped by then is ended, in milliseconds; 8 s when not given. */
  readonly stopWithinMs?: number;
  stop(): Promise<void>;
}

const defaultStopWithinMs = 8_000;

const knownErrors: Record<string, string> = {
  EADDRINUSE: 'The port is taken. Set PORT to another one, or stop what listens there.',
  EACCES: 'The address or a directory may not be used by this user.',
  ENOSPC: 'The disk is full.',
};

const tell = (message: PartMessage) =>
  new Promise<void>((resolve) => (process.send ? process.send(message, () => resolve()) : resolve()));

/**
 * Runs a part of the system as this process: says over IPC when it is ready or why it failed, stops on SIGTERM and
 * SIGINT, and when the process that started it is gone.
 */
export async function runPart(start: () => Promise<RunningPart>): Promise<void> {
  const hasParent = process.connected === true;
  let part: RunningPart;
  try {
    part = await start();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const text = error instanceof ConfigError ? message : knownErrors[code] ? `${knownErrors[code]} (${message})` : message;
    process.stderr.write(`${text}\n`);
    await tell({ type: 'failed', message: text });
    process.exit(1);
  }
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), part.stopWithinMs ?? defaultStopWithinMs).unref();
    part.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  await tell({ type: 'ready', ...(part.url !== undefined && { url: part.url }) });
  // It may have gone while the part was starting.
  if (hasParent && !process.connected) stop();
}
