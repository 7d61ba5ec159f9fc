import { limits } from '../../../domain/limits.ts';
import { parseId, type EnvironmentId, type TeamId } from '../../../domain/ids.ts';
import { defaultIdleSeconds } from '../../../domain/states.ts';
import { titleOf } from '../../../domain/title.ts';
import { createRun } from '../../../journal/intents.ts';
import { maySee, personIn } from '../../auth/viewer.ts';
import { requireRun } from '../access.ts';
import { builder } from '../builder.ts';
import { HarnessKindEnum, RunOriginEnum } from '../enums.ts';
import { ForbiddenError, IdempotencyConflictError, InvalidInputError, NotFoundError } from '../errors.ts';
import { admittedOr, clientKeyOf, wakeLater } from './admitted.ts';
import { CreateRunPayload } from './payloads.ts';

/** Origins that a client may name; the others are given by what creates the run. */
const clientOrigins = ['MANUAL', 'API', 'CLI'];
const mostIdleSeconds = 24 * 3_600;

const CreateRunInput = builder.inputType('CreateRunInput', {
  description: 'A new run.',
  fields: (t) => ({
    clientKey: t.string({
      required: true,
      description: 'Idempotent per person: the same key with the same body gives the same run.',
    }),
    environmentId: t.id({ required: true, description: 'What it works in.' }),
    text: t.string({ required: true, description: 'The first message. For SCRIPT: a shell script.' }),
    title: t.string({ description: 'Default: the first line of the text.' }),
    harness: t.field({ type: HarnessKindEnum, description: 'Default: the environment’s.' }),
    origin: t.field({ type: RunOriginEnum, required: true, defaultValue: 'API', description: 'MANUAL, API or CLI.' }),
    idleSeconds: t.int({
      description: 'Seconds that an ended turn waits for the next message. Default: the environment’s, else by origin.',
    }),
  }),
});

builder.mutationField('createRun', (t) =>
  t.field({
    type: CreateRunPayload,
    description: 'Creates a run. It is queued at once, whatever is down, and starts by itself.',
    errors: {
      types: [NotFoundError, ForbiddenError, InvalidInputError, IdempotencyConflictError],
      union: { name: 'CreateRunResult', description: 'What createRun comes to.' },
    },
    args: { input: t.arg({ type: CreateRunInput, required: true, description: 'The run.' }) },
    resolve: async (_root, { input }, context) => {
      const { database, journal, viewer } = context;
      const clientKey = clientKeyOf(context, input.clientKey);
      const environmentId = parseId('env', input.environmentId);
      const environment = environmentId && (await database.environment.findUnique({ where: { id: environmentId } }));
      if (!environment || !maySee(viewer, environment.teamId)) throw new NotFoundError('environment', input.environmentId);
      const person = personIn(viewer, environment.teamId);
      if (person.role === 'VIEWER')
        throw new ForbiddenError('You can view this team’s runs but not create one. Ask a team admin to make you a member.');
      if (!clientOrigins.includes(input.origin))
        throw new InvalidInputError(
          'origin',
          `A client can name ${clientOrigins.join(', ')}; ${input.origin} is given by Baton.`,
        );
      const idleSeconds = input.idleSeconds ?? environment.idleSeconds ?? defaultIdleSeconds[input.origin];
      if (idleSeconds < 0 || idleSeconds > mostIdleSeconds)
        throw new InvalidInputError('idleSeconds', `The idle time is 0 to ${mostIdleSeconds} seconds.`);
      const { value, wake } = await admittedOr(
        createRun(journal, person, clientKey, {
          teamId: environment.teamId as TeamId,
          creatorId: viewer.userId,
          environmentId: environment.id as EnvironmentId,
          title: titleFor(input.title, input.text),
          origin: input.origin,
          harness: input.harness ?? environment.defaultHarness,
          idleSeconds,
          text: input.text,
        }),
      );
      // A run that this very request made may have been deleted since.
      if (!wake) await requireRun(context, value.runId);
      wakeLater(context, value.runId, wake);
      return value;
    },
  }),
);

/** The title as given, or one taken from the text. */
function titleFor(given: string | null | undefined, text: string): string {
  const title = given?.trim();
  if (!title) return titleOf(text);
  if (title.length > limits.titleCharacters) {
    throw new InvalidInputError('title', `A title has at most ${limits.titleCharacters} characters.`);
  }
  return title;
}
