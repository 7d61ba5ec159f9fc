import { tokenScopes } from '../../../domain/person.ts';
import { answerPrompt, cancelRun, endSession, interruptTurn } from '../../../journal/intents.ts';
import { createSignInLink } from '../../auth/signIn.ts';
import { personIn } from '../../auth/viewer.ts';
import { requirePrompt, requireRun } from '../access.ts';
import { builder } from '../builder.ts';
import { ForbiddenError } from '../apiError.ts';
import { InvalidInputError, NotFoundError, PromptNotOpenError, RunNotLiveError } from '../errors.ts';
import { admittedOr, wakeLater } from './admitted.ts';
import {
  AnswerPromptPayload,
  CancelRunPayload,
  CreateSignInLinkPayload,
  EndSessionPayload,
  InterruptTurnPayload,
} from './payloads.ts';

const ofRun = (name: string, description: string) =>
  builder.inputType(name, { description, fields: (t) => ({ runId: t.id({ required: true, description: 'The run.' }) }) });

const CancelRunInput = ofRun('CancelRunInput', 'A run to cancel.');
const EndSessionInput = ofRun('EndSessionInput', 'A run whose session is to end.');
const InterruptTurnInput = ofRun('InterruptTurnInput', 'A run whose turn is to stop.');
const liveErrors = [NotFoundError, ForbiddenError, RunNotLiveError];

builder.mutationField('cancelRun', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: CancelRunPayload,
    description:
      'Cancels the run. What was done so far is captured, and the run can be followed up. An ended run stays as it is.',
    errors: {
      types: [NotFoundError, ForbiddenError],
      union: { name: 'CancelRunResult', description: 'What cancelRun comes to.' },
    },
    args: { input: t.arg({ type: CancelRunInput, required: true, description: 'The run.' }) },
    resolve: async (_root, { input }, context) => {
      const { runId, teamId } = await requireRun(context, input.runId);
      const { wake } = await admittedOr(cancelRun(context.journal, personIn(context.viewer, teamId), runId));
      wakeLater(context, runId, wake);
      if (wake) void context.waker.cancel(runId);
      return { runId };
    },
  }),
);

builder.mutationField('endSession', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: EndSessionPayload,
    description: 'Ends the live session once its turn is over, without waiting out its idle time.',
    errors: { types: liveErrors, union: { name: 'EndSessionResult', description: 'What endSession comes to.' } },
    args: { input: t.arg({ type: EndSessionInput, required: true, description: 'The run.' }) },
    resolve: async (_root, { input }, context) => {
      const { runId, teamId } = await requireRun(context, input.runId);
      const { wake } = await admittedOr(endSession(context.journal, personIn(context.viewer, teamId), runId));
      wakeLater(context, runId, wake);
      return { runId };
    },
  }),
);

builder.mutationField('interruptTurn', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: InterruptTurnPayload,
    description: 'Stops the turn in flight; the session goes on with the next message.',
    errors: { types: liveErrors, union: { name: 'InterruptTurnResult', description: 'What interruptTurn comes to.' } },
    args: { input: t.arg({ type: InterruptTurnInput, required: true, description: 'The run.' }) },
    resolve: async (_root, { input }, context) => {
      const { runId, teamId } = await requireRun(context, input.runId);
      await admittedOr(interruptTurn(context.journal, personIn(context.viewer, teamId), runId));
      return { runId };
    },
  }),
);

const AnswerPromptInput = builder.inputType('AnswerPromptInput', {
  description: 'An answer to a prompt: one of its options, or a text where it takes one.',
  fields: (t) => ({
    promptId: t.id({ required: true, description: 'The prompt.' }),
    optionId: t.string({ description: 'The option.' }),
    text: t.string({ description: 'An answer in own words.' }),
  }),
});

builder.mutationField('answerPrompt', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: AnswerPromptPayload,
    description: 'Answers the prompt that a run is blocked on. The first answer counts.',
    errors: {
      types: [NotFoundError, ForbiddenError, InvalidInputError, PromptNotOpenError],
      union: { name: 'AnswerPromptResult', description: 'What answerPrompt comes to.' },
    },
    args: { input: t.arg({ type: AnswerPromptInput, required: true, description: 'The answer.' }) },
    resolve: async (_root, { input }, context) => {
      const { promptId, runId, teamId } = await requirePrompt(context, input.promptId);
      const answer = { optionId: input.optionId ?? null, text: input.text ?? null };
      const { wake } = await admittedOr(
        answerPrompt(context.journal, personIn(context.viewer, teamId), { runId, promptId, answer }),
      );
      wakeLater(context, runId, wake);
      return { runId, promptId };
    },
  }),
);

builder.mutationField('createSignInLink', (t) =>
  t.field({
    authScopes: { scope: 'ACCOUNT' },
    type: CreateSignInLinkPayload,
    description: 'Makes a link that signs one browser in as the viewer, once, within an hour. Takes a token of every scope.',
    resolve: (_root, _args, context) => {
      // A browser may do everything: a narrower token does not get wider by it.
      if (!tokenScopes.every((scope) => context.viewer.scopes.has(scope)))
        throw new ForbiddenError('A sign-in may do everything; only a token with every scope can make a link to one.');
      return createSignInLink(context);
    },
  }),
);
