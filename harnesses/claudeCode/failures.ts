import { failure, type Failure } from '../../domain/failure.ts';
import type { SandboxExit } from '../sandbox.ts';
import type { Result } from './protocol.ts';

/** How much of what the program says of itself a failure repeats, in characters. */
const saidCharacters = 600;

const refusals = new Set([400, 404, 413, 422]);

/** Why a turn failed that the program ended by itself; null when it did not fail. */
export function failureIn(result: Result): Failure | null {
  if (!result.is_error && result.subtype === 'success') return null;
  const said = cut(result.result ?? result.errors?.join(' ') ?? '');
  const status = result.api_error_status ?? null;
  if (status === null && result.terminal_reason !== 'api_error') {
    return failure('AGENT_FAILED', `Claude Code ended the turn: ${said || result.subtype}. Continue the run to try again.`);
  }
  if (status === 401 || status === 403) {
    return failure(
      'MODEL_REFUSED',
      `The model’s provider refused the key (${status}): ${said}. Set the environment’s secret ANTHROPIC_API_KEY, or else ` +
        'BATON_ANTHROPIC_API_KEY on the workers, to one that is valid, then continue the run.',
    );
  }
  if (status !== null && refusals.has(status)) {
    return failure(
      'MODEL_REFUSED',
      `The model’s provider refused the request (${status}): ${said}. Say it otherwise, or with less.`,
    );
  }
  return failure(
    'MODEL_UNAVAILABLE',
    `The model did not answer, also when it was asked again${status === null ? '' : ` (${status})`}: ${said}. Continue the run later.`,
  );
}

/** The program ended without ending its turn. */
export function crashed({ exitCode, signal }: SandboxExit, stderr: string): Failure {
  const how = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${exitCode}`;
  const said = cut(stderr);
  return failure(
    'AGENT_FAILED',
    `Claude Code ${how} in the middle of the turn${said ? `; it said: ${said}` : ''}. Continue the run: it goes on from what it had noted.`,
  );
}

/** It wrote what Claude Code does not write. */
export const notUnderstood = (error: Error): Failure =>
  failure(
    'AGENT_FAILED',
    `Claude Code was stopped, for what it says is not understood: ${cut(error.message)}. Is its version one that Baton knows? ` +
      'docs/agents.md has it; then continue the run.',
  );

export const didNotStart = (startMs: number): Failure =>
  failure(
    'AGENT_FAILED',
    `Claude Code did not start within ${Math.round(startMs / 1_000)} seconds and was stopped. Continue the run to try again.`,
  );

export function timedOut(ms: number): Failure {
  const minutes = Math.round(ms / 60_000);
  const time = minutes < 2 ? `${Math.round(ms / 1_000)} seconds` : `${minutes} minutes`;
  return failure(
    'TURN_TIMED_OUT',
    `Claude Code worked longer than ${time} and was stopped. Ask for less at once, or raise BATON_TURN_TIMEOUT_MINUTES on the workers.`,
  );
}

const cut = (text: string): string =>
  text
    .trim()
    .replaceAll('\0', '\u{fffd}')
    .replace(/[.\s]+$/, '')
    .slice(0, saidCharacters);
