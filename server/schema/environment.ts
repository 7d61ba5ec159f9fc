import type { EnvironmentRepository, RepositorySnapshot } from '../../journal/readSession.ts';
import { builder } from './builder.ts';
import { HarnessKindEnum, PermissionModeEnum, SecretFilesEnum } from './enums.ts';

const RepositorySnapshotRef = builder.objectRef<RepositorySnapshot>('RepositorySnapshot').implement({
  description: 'What snapshots take of a repository beyond git.',
  fields: (t) => ({
    ignored: t.stringList({
      description: 'Patterns, as in a gitignore file, of what is captured although the repository’s rules ignore it.',
      resolve: ({ ignored }) => [...ignored],
    }),
  }),
});

const RepositoryRef = builder.objectRef<EnvironmentRepository>('Repository').implement({
  description: 'A repository of an environment.',
  fields: (t) => ({
    url: t.exposeString('url', { description: 'Its address.' }),
    branch: t.exposeString('branch', { nullable: true, description: 'The branch to start from; null: the remote’s HEAD.' }),
    path: t.exposeString('path', { description: 'Its folder in the workspace; `.` for the only one.' }),
    push: t.boolean({
      description: 'Whether the run’s branch is pushed to it when a session ends.',
      resolve: ({ push }) => push ?? false,
    }),
    snapshot: t.field({
      type: RepositorySnapshotRef,
      description: 'What snapshots take of it beyond git.',
      resolve: ({ snapshot }) => snapshot ?? { ignored: [] },
    }),
  }),
});

export interface Variable {
  readonly name: string;
  readonly value: string;
}

const VariableRef = builder.objectRef<Variable>('Variable').implement({
  description: 'A variable that agents see.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value.' }),
  }),
});

builder.prismaNode('Environment', {
  id: { field: 'id', description: 'The id.' },
  description: 'What agents work in: repositories, setup commands, variables.',
  authScopes: (environment) => ({ team: environment.teamId }),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name, one of a kind in the team.' }),
    team: t.relation('team', { description: 'Whose it is.' }),
    repositories: t.field({
      type: [RepositoryRef],
      description: 'Its repositories, each in a folder of the workspace.',
      resolve: (environment) => environment.repositories as unknown as EnvironmentRepository[],
    }),
    setupCommands: t.exposeStringList('setupCommands', {
      description: 'Shell commands that each session runs in the workspace before its agent starts.',
    }),
    variables: t.field({
      type: [VariableRef],
      description: 'What setup commands and agents see in their environment.',
      resolve: (environment) => environment.variables as unknown as Variable[],
    }),
    idleSeconds: t.exposeInt('idleSeconds', {
      nullable: true,
      description: 'Seconds that an ended turn waits for the next message; null: by the run’s origin.',
    }),
    defaultHarness: t.expose('defaultHarness', { type: HarnessKindEnum, description: 'The agent of runs that name none.' }),
    outside: t.exposeStringList('outside', {
      description: 'Files and folders outside repositories that snapshots take: in the agent’s home (`~/…`) or the workspace.',
    }),
    outsideScript: t.exposeString('outsideScript', {
      nullable: true,
      description: 'A shell script that prints more such paths, one a line or each ended by a NUL.',
    }),
    secretFiles: t.expose('secretFiles', {
      type: SecretFilesEnum,
      description: 'What becomes of files that look like secrets when a snapshot is taken.',
    }),
    permissions: t.expose('permissions', {
      type: PermissionModeEnum,
      description: 'What agents that ask for permission may do without.',
    }),
    allowedCommands: t.exposeStringList('allowedCommands', {
      description: 'Beginnings of commands that ALLOW_LIST allows, whole words.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
});
