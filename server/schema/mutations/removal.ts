import { parseId, type RunId, type TeamId } from '../../../domain/ids.ts';
import { deleteRun } from '../../../journal/deleteRun.ts';
import { redactEvent } from '../../../journal/redact.ts';
import { noteCollected, setRetention } from '../../../journal/retention.ts';
import { actingAs, maySee, personIn } from '../../auth/viewer.ts';
import { collectGarbage, type Garbage } from '../../retention/collectGarbage.ts';
import { UnreadableSnapshotError } from '../../retention/references.ts';
import { requireRun } from '../access.ts';
import { ForbiddenError } from '../apiError.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { EventNotRedactableError, InvalidInputError, NotFoundError, RunActiveError, SnapshotUnreadableError } from '../errors.ts';
import { admittedOr } from './admitted.ts';
import { RedactEventPayload } from './payloads.ts';

const RedactEventInput = builder.inputType('RedactEventInput', {
  description: 'An event whose content is to go.',
  fields: (t) => ({
    runId: t.id({ required: true, description: 'The run.' }),
    seq: t.int({
      required: true,
      description: 'The event’s sequence number. Any event of an item or prompt stands for all of it.',
    }),
    reason: t.string({ required: true, description: 'Why, for all who read the transcript.' }),
  }),
});

builder.mutationField('redactEvent', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: RedactEventPayload,
    description:
      'Takes the content of an event away for good: in the log, the rows made of it, exports, and before the eyes of those who watch. Its place in the log stays and says who did it, when and why.',
    errors: {
      types: [NotFoundError, ForbiddenError, InvalidInputError, EventNotRedactableError, RunActiveError],
      union: { name: 'RedactEventResult', description: 'What redactEvent comes to.' },
    },
    args: { input: t.arg({ type: RedactEventInput, required: true, description: 'Which event, and why.' }) },
    resolve: async (_root, { input }, context) => {
      const { runId, teamId } = await requireRun(context, input.runId);
      const { seq, reason } = input;
      await admittedOr(redactEvent(context.journal, personIn(context.viewer, teamId), { runId, seq, reason }));
      return { runId };
    },
  }),
);

const DeleteRunInput = builder.inputType('DeleteRunInput', {
  description: 'A run to delete.',
  fields: (t) => ({ runId: t.id({ required: true, description: 'The run.' }) }),
});

const DeleteRunPayload = builder.objectRef<{ runId: RunId }>('DeleteRunPayload').implement({
  description: 'The run is gone. Its blobs and its executions in Temporal follow by themselves.',
  fields: (t) => ({ deletedRunId: t.id({ description: 'The id it had.', resolve: ({ runId }) => runId }) }),
});

builder.mutationField('deleteRun', (t) =>
  t.field({
    authScopes: { scope: 'RUNS' },
    type: DeleteRunPayload,
    description:
      'Deletes an ended run for good: its rows, its snapshots’ content that nothing else uses, and its executions in Temporal.',
    errors: {
      types: [NotFoundError, ForbiddenError, RunActiveError],
      union: { name: 'DeleteRunResult', description: 'What deleteRun comes to.' },
    },
    args: { input: t.arg({ type: DeleteRunInput, required: true, description: 'The run.' }) },
    resolve: async (_root, { input }, context) => {
      const { runId, teamId } = await requireRun(context, input.runId);
      await admittedOr(deleteRun(context.journal, personIn(context.viewer, teamId), runId));
      return { runId };
    },
  }),
);

/** The team, when the viewer is an admin of it. */
function requireAdmin({ viewer }: Context, id: string): TeamId {
  const teamId = parseId('team', id);
  if (!teamId || !maySee(viewer, teamId)) throw new NotFoundError('team', id);
  if (viewer.roles.get(teamId) !== 'ADMIN') throw new ForbiddenError('Only an admin of the team may do this.');
  return teamId;
}

const SetRetentionInput = builder.inputType('SetRetentionInput', {
  description: 'How long a team keeps what its runs leave.',
  fields: (t) => ({
    teamId: t.id({ required: true, description: 'The team.' }),
    keepTranscriptDays: t.int({ description: 'Days after a run’s last activity, 1 to 36,500; null: for good.' }),
    keepSnapshotDays: t.int({ description: 'The same for snapshots.' }),
  }),
});

const SetRetentionPayload = builder.objectRef<{ teamId: TeamId }>('SetRetentionPayload').implement({
  description: 'The settings hold from now on; what is past its time goes within the hour.',
  fields: (t) => ({
    team: t.prismaField({
      type: 'Team',
      description: 'The team.',
      resolve: (query, { teamId }, _args, { database }) => database.team.findUniqueOrThrow({ ...query, where: { id: teamId } }),
    }),
  }),
});

const mostDays = 36_500;
const daysIn = (field: string, days: number | null | undefined): number | null => {
  if (days === null || days === undefined) return null;
  if (days >= 1 && days <= mostDays) return days;
  throw new InvalidInputError(field, `Say 1 to ${mostDays} days, or nothing to keep all for good.`);
};

builder.mutationField('setRetention', (t) =>
  t.field({
    authScopes: { scope: 'TEAM' },
    type: SetRetentionPayload,
    description:
      'Sets how long a team keeps transcripts and snapshots. For admins. `Team.retentionDryRun` says first what would go.',
    errors: {
      types: [NotFoundError, ForbiddenError, InvalidInputError],
      union: { name: 'SetRetentionResult', description: 'What setRetention comes to.' },
    },
    args: { input: t.arg({ type: SetRetentionInput, required: true, description: 'How long.' }) },
    resolve: async (_root, { input }, context) => {
      const teamId = requireAdmin(context, input.teamId);
      await setRetention(context.journal, actingAs(context.viewer), teamId, {
        keepTranscriptDays: daysIn('keepTranscriptDays', input.keepTranscriptDays),
        keepSnapshotDays: daysIn('keepSnapshotDays', input.keepSnapshotDays),
      });
      return { teamId };
    },
  }),
);

const CollectGarbageInput = builder.inputType('CollectGarbageInput', {
  description: 'Whose blobs to look through.',
  fields: (t) => ({
    teamId: t.id({ required: true, description: 'The team.' }),
    dryRun: t.boolean({ required: true, description: 'Whether only to say what would go.' }),
  }),
});

const CollectGarbagePayload = builder.objectRef<Garbage>('CollectGarbagePayload').implement({
  description: 'Blobs that nothing refers to.',
  fields: (t) => ({
    blobs: t.exposeInt('blobs', { description: 'How many went, or would.' }),
    storedBytes: t.exposeFloat('storedBytes', { description: 'Their size as stored.' }),
    hashes: t.stringList({ description: 'Addresses of the first 100 of them.', resolve: ({ hashes }) => [...hashes] }),
    young: t.exposeInt('young', { description: 'Put so lately that a snapshot which is being taken may need them.' }),
    kept: t.exposeInt('kept', { description: 'Stay because something refers to them.' }),
  }),
});

builder.mutationField('collectGarbage', (t) =>
  t.field({
    authScopes: { scope: 'TEAM' },
    type: CollectGarbagePayload,
    description:
      'Removes blobs of a team that nothing refers to, or says which would go. For admins. It happens every hour by itself.',
    errors: {
      types: [NotFoundError, ForbiddenError, SnapshotUnreadableError],
      union: { name: 'CollectGarbageResult', description: 'What collectGarbage comes to.' },
    },
    args: { input: t.arg({ type: CollectGarbageInput, required: true, description: 'Whose, and whether for real.' }) },
    resolve: async (_root, { input }, context) => {
      const teamId = requireAdmin(context, input.teamId);
      const found = await collectGarbage(context.keeping, teamId, input.dryRun).catch((error: unknown) => {
        throw error instanceof UnreadableSnapshotError ? new SnapshotUnreadableError(error.runId, error.message) : error;
      });
      if (!input.dryRun) await noteCollected(context.journal, actingAs(context.viewer), teamId, found.blobs);
      return found;
    },
  }),
);
