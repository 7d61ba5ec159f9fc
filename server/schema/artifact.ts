import type { Artifact } from '../../prisma/generated/client/client.ts';
import { builder } from './builder.ts';
import { ArtifactKindEnum } from './enums.ts';

/** The GraphQL type of every kind of artifact. */
const typeNames: Record<Artifact['kind'], string> = { BRANCH: 'BranchArtifact' };

export const ArtifactInterface = builder.interfaceRef<Artifact>('Artifact').implement({
  description: 'Something that a run has left outside Baton.',
  resolveType: ({ kind }) => typeNames[kind],
  fields: (t) => ({
    kind: t.expose('kind', { type: ArtifactKindEnum, description: 'What it is.' }),
    sessionOrdinal: t.exposeInt('session', { description: 'The ordinal of the session that changed it last.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When that was.' }),
  }),
});

builder.objectRef<Artifact>(typeNames.BRANCH).implement({
  description: 'A remote’s branch that the run’s commits were pushed to, as it was pushed last.',
  interfaces: [ArtifactInterface],
  fields: (t) => ({
    repository: t.exposeString('repository', { description: 'The repository’s folder in the workspace; `.` for the only one.' }),
    url: t.exposeString('url', { description: 'The remote, without credentials.' }),
    branch: t.exposeString('branch', { description: 'The branch.' }),
    commit: t.exposeString('commit', { description: 'The commit that it was left at.' }),
    commits: t.exposeInt('commits', { description: 'How many commits the run has pushed to it.' }),
  }),
});
