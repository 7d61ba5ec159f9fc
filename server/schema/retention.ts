import type { RunId, TeamId } from '../../domain/ids.ts';
import { pastRuns, readRetention, type PastRun, type Retention } from '../../journal/retention.ts';
import { builder } from './builder.ts';

export const RetentionRef = builder.objectRef<Retention>('Retention').implement({
  description: 'How long a team keeps what its runs leave, in days after a run’s last activity; null: for good.',
  fields: (t) => ({
    keepTranscriptDays: t.exposeInt('keepTranscriptDays', { nullable: true, description: 'Transcripts.' }),
    keepSnapshotDays: t.exposeInt('keepSnapshotDays', { nullable: true, description: 'Snapshots.' }),
  }),
});

const PastRunRef = builder.objectRef<PastRun>('PastRun').implement({
  description: 'What of a run is past its time.',
  fields: (t) => ({
    run: t.prismaField({
      type: 'Run',
      nullable: true,
      description: 'The run; null when it was deleted since.',
      resolve: (query, { runId }, _args, { database }) => database.run.findUnique({ ...query, where: { id: runId as RunId } }),
    }),
    transcript: t.exposeBoolean('transcript', { description: 'Whether its transcript goes.' }),
    snapshots: t.exposeInt('snapshots', { description: 'How many snapshots go.' }),
  }),
});

/** Runs that the dry run names at most. */
const mostNamed = 200;

builder.prismaObjectFields('Team', (t) => ({
  retention: t.field({
    type: RetentionRef,
    description: 'How long it keeps transcripts and snapshots.',
    resolve: (team, _args, { journal }) => readRetention(journal, team.id as TeamId),
  }),
  retentionDryRun: t.field({
    type: [PastRunRef],
    description: `What would go now, were these the settings: a dry run that changes nothing. At most ${mostNamed} runs, the longest untouched first.`,
    complexity: 50,
    args: {
      keepTranscriptDays: t.arg.int({ description: 'Days for transcripts; not given: for good.' }),
      keepSnapshotDays: t.arg.int({ description: 'Days for snapshots; not given: for good.' }),
    },
    resolve: (team, { keepTranscriptDays, keepSnapshotDays }, { journal }) =>
      pastRuns(
        journal,
        team.id as TeamId,
        { keepTranscriptDays: keepTranscriptDays ?? null, keepSnapshotDays: keepSnapshotDays ?? null },
        new Date(),
        mostNamed,
      ),
  }),
}));
