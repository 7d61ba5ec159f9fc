import { DefaultLogger, type LogEntry, type LogLevel } from '@temporalio/worker';
import type { Logger } from 'pino';

const levels: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'debug', // the SDK tells of every worker's start and stop
  WARN: 'warn',
  ERROR: 'error',
};

/** The SDK's log lines among ours. */
export function temporalLogger(log: Logger): DefaultLogger {
  return new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
    const { error, ...rest } = (meta ?? {}) as { error?: unknown };
    // Two of a worker's three pollers have activities only, which is no reason to warn.
    const usual = message.startsWith('No workflows registered');
    log[usual ? 'debug' : levels[level]]({ ...rest, ...(error !== undefined && { err: error }) }, message);
  });
}
