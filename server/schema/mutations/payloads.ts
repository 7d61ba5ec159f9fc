import type { EnvironmentId, MessageId, PromptId, RunId } from '../../../domain/ids.ts';
import { builder } from '../builder.ts';

/** What mutations give back. Each names rows by id; the rows are read after the commit. */
interface OfRun {
  readonly runId: RunId;
}

/** A payload with the run. */
function runPayload<T extends OfRun>(name: string, description: string) {
  return builder.objectRef<T>(name).implement({
    description,
    fields: (t) => ({
      run: t.prismaField({
        type: 'Run',
        description: 'The run as it is now.',
        resolve: (query, { runId }, _args, { database }) => database.run.findUniqueOrThrow({ ...query, where: { id: runId } }),
      }),
    }),
  });
}

export const CreateRunPayload = runPayload('CreateRunPayload', 'The run was created.');
export const CancelRunPayload = runPayload(
  'CancelRunPayload',
  'The run is canceled, or will be as soon as its turn can be stopped.',
);
export const EndSessionPayload = runPayload('EndSessionPayload', 'The session ends after its turn.');
export const InterruptTurnPayload = runPayload('InterruptTurnPayload', 'The turn is being stopped.');
export const RedactEventPayload = runPayload('RedactEventPayload', 'The content is gone.');

export const SendFollowUpPayload = runPayload<OfRun & { messageId: MessageId }>(
  'SendFollowUpPayload',
  'The message was accepted.',
);
export const WithdrawMessagePayload = runPayload<OfRun & { messageId: MessageId }>(
  'WithdrawMessagePayload',
  'The message was taken back.',
);
// Not named `message`: errors have a field of that name, and one selection could not ask for both.
for (const [payload, name] of [
  [SendFollowUpPayload, 'followUp'],
  [WithdrawMessagePayload, 'withdrawn'],
] as const) {
  builder.objectField(payload, name, (t) =>
    t.prismaField({
      type: 'Message',
      description: 'The message.',
      resolve: (query, { messageId }, _args, { database }) =>
        database.message.findUniqueOrThrow({ ...query, where: { id: messageId } }),
    }),
  );
}

export const ContinueRunPayload = runPayload<OfRun & { messageId: MessageId | null }>(
  'ContinueRunPayload',
  'The run is continued.',
);
builder.objectField(ContinueRunPayload, 'followUp', (t) =>
  t.prismaField({
    type: 'Message',
    nullable: true,
    description: 'The message; null when it was continued without one.',
    resolve: (query, { messageId }, _args, { database }) =>
      messageId === null ? null : database.message.findUniqueOrThrow({ ...query, where: { id: messageId } }),
  }),
);

export const AnswerPromptPayload = runPayload<OfRun & { promptId: PromptId }>('AnswerPromptPayload', 'The answer was accepted.');
builder.objectField(AnswerPromptPayload, 'prompt', (t) =>
  t.prismaField({
    type: 'Prompt',
    description: 'The prompt.',
    resolve: (query, { promptId }, _args, { database }) =>
      database.prompt.findUniqueOrThrow({ ...query, where: { id: promptId } }),
  }),
);

export const CreateEnvironmentPayload = builder
  .objectRef<{ environmentId: EnvironmentId }>('CreateEnvironmentPayload')
  .implement({
    description: 'The environment was created.',
    fields: (t) => ({
      environment: t.prismaField({
        type: 'Environment',
        description: 'The environment.',
        resolve: (query, { environmentId }, _args, { database }) =>
          database.environment.findUniqueOrThrow({ ...query, where: { id: environmentId } }),
      }),
    }),
  });

export const CreateSignInLinkPayload = builder.objectRef<{ url: string; expiresAt: Date }>('CreateSignInLinkPayload').implement({
  description: 'A link that signs one browser in, once.',
  fields: (t) => ({
    url: t.exposeString('url', { description: 'The link.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when it works.' }),
  }),
});
