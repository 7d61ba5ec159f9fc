import type { Logger } from 'pino';
import type { Journal } from '../journal/journal.ts';
import type { SecretBox } from '../journal/secretBox.ts';
import { resealSecrets } from '../journal/secrets.ts';

/** How often it is looked for secrets under a previous master key, in milliseconds: one may be restored from a backup. */
const everyMs = 10 * 60_000;
/** After one that failed, such as for a database that was away. */
const againMs = 5_000;

/**
 * Seals secrets anew that are sealed under a previous master key, at the start and then from time to time, and says how
 * many no key opens. Returns a function that stops it, once what it does now is done.
 */
export function startResealing(journal: Journal, box: SecretBox, log: Logger): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let told = 0;
  const reseal = async (): Promise<void> => {
    let next = everyMs;
    try {
      const { sealed, unreadable } = await resealSecrets(journal, box);
      if (sealed > 0) log.info({ secrets: sealed }, 'secrets were sealed anew under the present master key');
      if (unreadable > told)
        log.warn(
          { secrets: unreadable },
          'secrets cannot be read: they are sealed under a key that is not here. docs/secrets.md says what to do',
        );
      told = unreadable;
    } catch (error) {
      next = againMs;
      log.debug({ err: error }, 'secrets could not be looked through; it will be tried again');
    }
    if (!stopped) timer = setTimeout(again, next).unref();
  };
  let working = reseal();
  const again = (): void => {
    working = reseal();
  };
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await working;
  };
}
