import { parseId, type EnvironmentId, type TeamId } from '../../../domain/ids.ts';
import { refuseRepositoryUrl } from '../../../domain/repositoryUrl.ts';
import { createEnvironment, type NewEnvironment } from '../../../journal/environments.ts';
import type { EnvironmentRepository } from '../../../journal/readSession.ts';
import { actingAs, maySee, personIn } from '../../auth/viewer.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { HarnessKindEnum, PermissionModeEnum, SecretFilesEnum } from '../enums.ts';
import { ForbiddenError } from '../apiError.ts';
import { IdempotencyConflictError, InvalidInputError, NotFoundError } from '../errors.ts';
import { admittedOr, clientKeyOf } from './admitted.ts';
import { declaredOf, RepositorySnapshotInput, repositorySnapshotOf } from './declaredInput.ts';
import { CreateEnvironmentPayload } from './payloads.ts';

const most = { repositories: 20, setupCommands: 50, variables: 200, characters: 32_768, idleSeconds: 24 * 3_600 };

const RepositoryInput = builder.inputType('RepositoryInput', {
  description: 'A repository of an environment.',
  fields: (t) => ({
    url: t.string({
      required: true,
      description: 'Its address: https://, ssh://, git@host:path, or an absolute path where the workers allow it.',
    }),
    branch: t.string({ description: 'The branch to start from. Default: the remote’s HEAD.' }),
    path: t.string({ description: 'Its folder in the workspace. Default: `.` for the only one, else its name.' }),
    push: t.boolean({
      description:
        'Whether the run’s branch is pushed to it when a session ends, with the environment’s credential for it, else the worker’s. Default: false.',
    }),
    snapshot: t.field({ type: RepositorySnapshotInput, description: 'What snapshots take of it beyond git.' }),
  }),
});
const VariableInput = builder.inputType('VariableInput', {
  description: 'A variable of an environment. Not for secrets: people of the team can read it.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Letters, digits and _, not beginning with a digit.' }),
    value: t.string({ required: true, description: 'Its value.' }),
  }),
});
const CreateEnvironmentInput = builder.inputType('CreateEnvironmentInput', {
  description: 'A new environment.',
  fields: (t) => ({
    clientKey: t.string({ required: true, description: 'Idempotent per person.' }),
    teamId: t.id({ description: 'Whose it is. Default: the viewer’s only team.' }),
    name: t.string({ required: true, description: 'One of a kind in the team.' }),
    repositories: t.field({ type: [RepositoryInput], required: true, description: 'What is cloned into the workspace.' }),
    setupCommands: t.stringList({
      description: 'Shell commands that each session runs in the workspace before its agent starts.',
    }),
    variables: t.field({ type: [VariableInput], description: 'What setup commands and agents see in their environment.' }),
    idleSeconds: t.int({ description: 'Seconds that an ended turn waits for the next message. Default: by the run’s origin.' }),
    defaultHarness: t.field({ type: HarnessKindEnum, description: 'The agent of runs that name none. Default: SCRIPT.' }),
    outside: t.stringList({
      description:
        'Files and folders outside repositories that snapshots take: in the agent’s home (`~/.config/tool`) or the workspace. Links are kept, never followed. Default: none.',
    }),
    outsideScript: t.string({
      description:
        'A shell script that prints more such paths, one a line or each ended by a NUL. It is run before each snapshot, as setup commands are, for at most 30 s. Default: none.',
    }),
    secretFiles: t.field({
      type: SecretFilesEnum,
      description: 'What becomes of files that look like secrets when a snapshot is taken. Default: WARN.',
    }),
    permissions: t.field({
      type: PermissionModeEnum,
      description: 'What agents that ask for permission may do without. Default: ASK.',
    }),
    allowedCommands: t.stringList({
      description: 'Beginnings of commands that ALLOW_LIST allows, whole words: `npm test` allows `npm test -- --run`.',
    }),
  }),
});
type Input = typeof CreateEnvironmentInput.$inferInput;

builder.mutationField('createEnvironment', (t) =>
  t.field({
    authScopes: { scope: 'ENVIRONMENTS' },
    type: CreateEnvironmentPayload,
    description: 'Creates an environment.',
    errors: {
      types: [NotFoundError, ForbiddenError, InvalidInputError, IdempotencyConflictError],
      union: { name: 'CreateEnvironmentResult', description: 'What createEnvironment comes to.' },
    },
    args: { input: t.arg({ type: CreateEnvironmentInput, required: true, description: 'The environment.' }) },
    resolve: async (_root, { input }, context) => {
      const clientKey = clientKeyOf(context, input.clientKey);
      const teamId = teamOf(context, input.teamId);
      const person = personIn(context.viewer, teamId, 'ENVIRONMENTS');
      if (person.role === 'VIEWER') throw new ForbiddenError('You can view this team’s environments but not create one.');
      const { value } = await admittedOr(
        createEnvironment(context.journal, actingAs(context.viewer), clientKey, validated(teamId, input)),
      );
      return { environmentId: value.environmentId as EnvironmentId };
    },
  }),
);

function teamOf({ viewer }: Context, given: string | null | undefined): TeamId {
  if (!given) {
    const [only, ...others] = viewer.roles.keys();
    if (only && others.length === 0) return only;
    throw new InvalidInputError('teamId', 'You are in several teams. Name the one that the environment belongs to.');
  }
  const teamId = parseId('team', given);
  if (!teamId || !maySee(viewer, teamId)) throw new NotFoundError('team', given);
  return teamId;
}

function validated(teamId: TeamId, input: Input): NewEnvironment {
  const name = input.name.trim();
  if (name === '' || name.length > 100) throw new InvalidInputError('name', 'An environment’s name has 1 to 100 characters.');
  const setupCommands = commandsOf('setupCommands', input.setupCommands ?? []);
  const idleSeconds = input.idleSeconds ?? null;
  if (idleSeconds !== null && (idleSeconds < 0 || idleSeconds > most.idleSeconds)) {
    throw new InvalidInputError('idleSeconds', `The idle time is 0 to ${most.idleSeconds} seconds.`);
  }
  return {
    teamId,
    name,
    repositories: repositoriesOf(input.repositories),
    setupCommands,
    variables: variablesOf(input.variables ?? []),
    idleSeconds,
    defaultHarness: input.defaultHarness ?? 'SCRIPT',
    declared: declaredOf(input),
    permissions: {
      mode: input.permissions ?? 'ASK',
      allowedCommands: commandsOf('allowedCommands', input.allowedCommands ?? []),
    },
  };
}

function commandsOf(field: string, commands: readonly string[]): string[] {
  if (commands.length > most.setupCommands) throw new InvalidInputError(field, `At most ${most.setupCommands} commands.`);
  for (const command of commands) {
    if (command.trim() === '' || command.length > most.characters || command.includes('\0')) {
      throw new InvalidInputError(field, `A command has 1 to ${most.characters} characters and no NUL.`);
    }
  }
  return [...commands];
}

function repositoriesOf(given: Input['repositories']): EnvironmentRepository[] {
  if (given.length === 0) throw new InvalidInputError('repositories', 'Name at least one repository.');
  if (given.length > most.repositories) throw new InvalidInputError('repositories', `At most ${most.repositories} repositories.`);
  const repositories = given.map(({ url, branch, path, push, snapshot }) => {
    const refused = refuseRepositoryUrl(url);
    if (refused) throw new InvalidInputError('repositories', refused);
    if (branch && !isBranchName(branch))
      throw new InvalidInputError('repositories', `${JSON.stringify(branch)} is not the name of a branch.`);
    return {
      url,
      branch: branch || null,
      path: path || (given.length === 1 ? '.' : folderOf(url)),
      push: push ?? false,
      ...repositorySnapshotOf(snapshot),
    };
  });
  const paths = repositories.map(({ path }) => path);
  for (const path of paths) {
    const parts = path.split('/');
    const fine =
      path === '.'
        ? paths.length === 1
        : parts.every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git');
    if (!fine || path.length > 255)
      throw new InvalidInputError(
        'repositories',
        `${JSON.stringify(path)} is not a folder that a repository can have in the workspace.`,
      );
    if (paths.some((other) => other !== path && `${other}/`.startsWith(`${path}/`))) {
      throw new InvalidInputError('repositories', `The folder ${JSON.stringify(path)} would hold another repository.`);
    }
  }
  if (new Set(paths).size < paths.length) throw new InvalidInputError('repositories', 'Two repositories have the same folder.');
  return repositories;
}

/** The rules that matter of `git check-ref-format`: https://git-scm.com/docs/git-check-ref-format */
const isBranchName = (name: string): boolean =>
  name.length <= 255 && !/^[-/]|[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$|\.lock(\/|$)|(^|\/)\./.test(name);

const folderOf = (url: string): string =>
  url
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .at(-1) ?? '';

function variablesOf(given: readonly { name: string; value: string }[]): { name: string; value: string }[] {
  if (given.length > most.variables) throw new InvalidInputError('variables', `At most ${most.variables} variables.`);
  for (const { name, value } of given) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name))
      throw new InvalidInputError('variables', `${JSON.stringify(name)} is not the name of a variable.`);
    if (value.length > most.characters || value.includes('\0')) {
      throw new InvalidInputError('variables', `The value of ${name} has more than ${most.characters} characters, or a NUL.`);
    }
  }
  if (new Set(given.map(({ name }) => name)).size < given.length)
    throw new InvalidInputError('variables', 'A variable is named twice.');
  return given.map(({ name, value }) => ({ name, value }));
}
