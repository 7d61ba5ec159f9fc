import { APICallError } from 'ai';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../../domain/failure.ts';
import type { Emit } from '../harness.ts';
import { messageOf } from './askModel.ts';

/** How often a model that does not answer is asked, and the longest pause between, in milliseconds. */
const attempts = 7;
const longestMs = 60_000;

/**
 * Asks until there is an answer: what may pass by itself, a refusal for the rate, an overload, a broken connection, is
 * tried again with longer and longer pauses, each told with its reason. Rejects with a FailureError otherwise; when the
 * signal aborts during a pause it gives null.
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  { emit, signal, retryMs = 1_000 }: { emit: Emit; signal: AbortSignal; retryMs?: number | undefined },
): Promise<T | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof FailureError) throw error;
      const { reason, status, passes } = troubleOf(error);
      if (!passes) throw refused(reason, status);
      if (attempt === attempts) throw unavailable(reason, attempt);
      const pause = Math.min(Math.max(retryMs * 2 ** (attempt - 1), retryAfterMs(error)), longestMs);
      const again = `Trying again in ${pause < 1_000 ? 'a moment' : `${Math.round(pause / 1_000)} s`}.`;
      await emit({ type: 'notice', level: 'INFO', code: 'MODEL_RETRIED', message: `${reason} ${again}` });
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return null;
    }
  }
}

interface Trouble {
  /** A sentence. */
  readonly reason: string;
  readonly status: number | null;
  /** Whether it may pass by itself. */
  readonly passes: boolean;
}

function troubleOf(error: unknown): Trouble {
  const said = messageOf(error).slice(0, 500);
  if (!APICallError.isInstance(error)) {
    const broken =
      error instanceof Error && /fetch failed|terminated|network|socket|ECONN|timeout/i.test(`${error.name} ${said}`);
    return { reason: `The model’s provider could not be reached (${said}).`, status: null, passes: broken };
  }
  const { statusCode: status = null } = error;
  if (status === null || status < 400)
    return { reason: 'The connection to the model’s provider broke off.', status: null, passes: true };
  const passes = error.isRetryable || status === 529;
  const what = status === 429 ? 'asks for fewer requests' : status >= 500 ? 'is overloaded or failing' : 'refused';
  return { reason: `The model’s provider ${what} (${status}: ${said}).`, status, passes };
}

/** What the provider asks for, in milliseconds: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfterMs(error: unknown): number {
  const value = APICallError.isInstance(error) ? error.responseHeaders?.['retry-after'] : undefined;
  if (value === undefined) return 0;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

function refused(reason: string, status: number | null): FailureError {
  if (status === 401 || status === 403)
    return new FailureError(
      'MODEL_REFUSED',
      `${reason} Check BATON_MODEL_API_KEY and BATON_MODEL on the workers, then continue the run.`,
    );
  return new FailureError('MODEL_REFUSED', `${reason} Check BATON_MODEL and the provider’s status, then continue the run.`);
}

const unavailable = (reason: string, times: number): FailureError =>
  new FailureError(
    'MODEL_UNAVAILABLE',
    `${reason} It was asked ${times} times. Continue the run when the provider is well again.`,
  );
