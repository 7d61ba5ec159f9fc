import type { RestoreChoice } from '../../../domain/events.ts';
import { parseId } from '../../../domain/ids.ts';
import { continueRun, sendFollowUp, withdrawMessage } from '../../../journal/intents.ts';
import { personIn } from '../../auth/viewer.ts';
import { requireMessage, requireRun } from '../access.ts';
import { builder } from '../builder.ts';
import { BaseChoiceEnum, ConflictWayEnum, HarnessKindEnum } from '../enums.ts';
import { ForbiddenError } from '../apiError.ts';
import {
  IdempotencyConflictError,
  InvalidInputError,
  MessageNotPendingError,
  NotFoundError,
  QuotaExceededError,
  RunBlockedError,
  RunNotContinuableError,
} from '../errors.ts';
import { admittedOr, clientKeyOf, wakeLater } from './admitted.ts';
import { ContinueRunPayload, SendFollowUpPayload, WithdrawMessagePayload } from './payloads.ts';

const followUpErrors = [
  NotFoundError,
  ForbiddenError,
  InvalidInputError,
  IdempotencyConflictError,
  RunBlockedError,
  RunNotContinuableError,
  QuotaExceededError,
];

const SendFollowUpInput = builder.inputType('SendFollowUpInput', {
  description: 'A message to a run that exists.',
  fields: (t) => ({
    clientKey: t.string({ required: true, description: 'Idempotent per person.' }),
    runId: t.id({ required: true, description: 'The run.' }),
    text: t.string({ required: true, description: 'The message.' }),
  }),
});

builder.mutationField('sendFollowUp', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: SendFollowUpPayload,
    description: 'Sends a message: it joins a live run as its next turn, and opens a new session of one that has ended.',
    errors: { types: followUpErrors, union: { name: 'SendFollowUpResult', description: 'What sendFollowUp comes to.' } },
    args: { input: t.arg({ type: SendFollowUpInput, required: true, description: 'The message.' }) },
    resolve: async (_root, { input }, context) => {
      const clientKey = clientKeyOf(context, input.clientKey);
      const { runId, teamId } = await requireRun(context, input.runId);
      const person = personIn(context.viewer, teamId);
      const { value, wake } = await admittedOr(sendFollowUp(context.journal, person, clientKey, { runId, text: input.text }));
      wakeLater(context, runId, wake);
      return { runId, ...value };
    },
  }),
);

const ContinueRunInput = builder.inputType('ContinueRunInput', {
  description: 'How to continue an ended run.',
  fields: (t) => ({
    clientKey: t.string({ required: true, description: 'Idempotent per person.' }),
    runId: t.id({ required: true, description: 'The run.' }),
    text: t.string({ description: 'The message; without one the session opens idle and waits.' }),
    harness: t.field({ type: HarnessKindEnum, description: 'Another kind of agent.' }),
    fromSnapshotId: t.id({ description: 'An earlier snapshot; default: the latest.' }),
    withoutWorkspace: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Open with nothing of the workspace of before.',
    }),
    base: t.field({
      type: BaseChoiceEnum,
      required: true,
      defaultValue: 'KEEP',
      description: 'Which commit the workspace of before goes on from; default: the one that it was on.',
    }),
    conflicts: t.field({
      type: ConflictWayEnum,
      required: true,
      defaultValue: 'MARKERS',
      description: 'With the newest base: what becomes of files that both have changed.',
    }),
  }),
});

builder.mutationField('continueRun', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: ContinueRunPayload,
    description:
      'Continues an ended run with choices: another snapshot, none, the newest base, another agent, without a message.',
    errors: { types: followUpErrors, union: { name: 'ContinueRunResult', description: 'What continueRun comes to.' } },
    args: { input: t.arg({ type: ContinueRunInput, required: true, description: 'The choices.' }) },
    resolve: async (_root, { input }, context) => {
      const clientKey = clientKeyOf(context, input.clientKey);
      const { runId, teamId } = await requireRun(context, input.runId);
      const { value, wake } = await admittedOr(
        continueRun(context.journal, personIn(context.viewer, teamId), clientKey, {
          runId,
          text: input.text ?? null,
          harness: input.harness ?? null,
          restore: restoreOf(input),
          ...(input.base === 'NEWEST' && { newest: input.conflicts }),
        }),
      );
      wakeLater(context, runId, wake);
      return { runId, ...value };
    },
  }),
);

function restoreOf({ fromSnapshotId, withoutWorkspace, base }: typeof ContinueRunInput.$inferInput): RestoreChoice {
  if (withoutWorkspace) {
    if (base === 'NEWEST') throw new InvalidInputError('base', 'A fresh workspace is on the newest commit by itself.');
    if (fromSnapshotId) throw new InvalidInputError('fromSnapshotId', 'Choose a snapshot, or no workspace, not both.');
    return { kind: 'NONE' };
  }
  if (!fromSnapshotId) return { kind: 'LATEST' };
  const snapshotId = parseId('snp', fromSnapshotId);
  if (!snapshotId) throw new RunNotContinuableError('SNAPSHOT_NOT_FOUND', `This run has no snapshot ${fromSnapshotId}.`);
  return { kind: 'SNAPSHOT', snapshotId };
}

const WithdrawMessageInput = builder.inputType('WithdrawMessageInput', {
  description: 'A message to take back.',
  fields: (t) => ({ messageId: t.id({ required: true, description: 'The message.' }) }),
});

builder.mutationField('withdrawMessage', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: WithdrawMessagePayload,
    description: 'Takes back a message that still waits.',
    errors: {
      types: [NotFoundError, ForbiddenError, MessageNotPendingError, RunNotContinuableError],
      union: { name: 'WithdrawMessageResult', description: 'What withdrawMessage comes to.' },
    },
    args: { input: t.arg({ type: WithdrawMessageInput, required: true, description: 'The message.' }) },
    resolve: async (_root, { input }, context) => {
      const { messageId, runId, teamId } = await requireMessage(context, input.messageId);
      await admittedOr(withdrawMessage(context.journal, personIn(context.viewer, teamId), runId, messageId));
      return { runId, messageId };
    },
  }),
);
