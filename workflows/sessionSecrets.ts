import { FailureError } from '../domain/failure.ts';
import type { NewSecret } from '../domain/secret.ts';
import type { Journal } from '../journal/journal.ts';
import type { SessionToOpen } from '../journal/readSession.ts';
import { whileAway } from '../journal/retry.ts';
import type { SecretBox } from '../journal/secretBox.ts';
import { readSecrets } from '../journal/secrets.ts';
import type { HostedSession } from './hostedSession.ts';

/** The secrets of the session’s environment, in this worker’s memory alone. Rejects with SECRET_UNREADABLE. */
export async function loadSecrets(
  { journal, secretBox }: { readonly journal: Journal; readonly secretBox: SecretBox },
  session: HostedSession,
  { environmentId }: Pick<SessionToOpen, 'environmentId'>,
): Promise<readonly NewSecret[]> {
  const { secrets, unreadable } = await whileAway(session.gone, () => readSecrets(journal, secretBox, environmentId));
  if (unreadable.length === 0) return secrets;
  const [names, them] =
    unreadable.length === 1
      ? [`The secret ${unreadable[0]} of the environment cannot be read: it was`, 'Set it']
      : [`The secrets ${unreadable.join(', ')} of the environment cannot be read: they were`, 'Set them'];
  throw new FailureError(
    'SECRET_UNREADABLE',
    `${names} encrypted under a master key that this worker does not have. ${them} again in the environment, or give the worker that key in BATON_PREVIOUS_MASTER_KEYS, then continue the run.`,
  );
}

/** What setup commands and the agent get as variables. */
export function variablesIn(secrets: readonly NewSecret[]): Record<string, string> {
  return Object.fromEntries(secrets.filter(({ use }) => use === 'AGENT_VARIABLE').map(({ name, value }) => [name, value]));
}
