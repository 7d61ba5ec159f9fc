import type { SecretFiles } from '../../domain/declaration.ts';
import { nameOfRemote } from '../format/remote.ts';
import type { CreateEnvironmentInput, HarnessKind, PermissionMode } from '../generated/operations.ts';

export interface RepositoryDraft {
  readonly url: string;
  readonly branch: string;
  readonly path: string;
  readonly push: boolean;
  /** Patterns, one a line. */
  readonly ignored: string;
}

/** An environment as the form has it: everything a text. */
export interface EnvironmentDraft {
  readonly name: string;
  readonly teamId: string;
  readonly repositories: readonly RepositoryDraft[];
  readonly setup: string;
  readonly variables: string;
  readonly idleSeconds: string;
  /** Paths, one a line. */
  readonly outside: string;
  readonly outsideScript: string;
  readonly secretFiles: SecretFiles;
  readonly defaultHarness: HarnessKind;
  readonly permissions: PermissionMode;
  /** Of ALLOW_LIST, one a line. */
  readonly allowedCommands: string;
}

export const noRepository: RepositoryDraft = { url: '', branch: '', path: '', push: false, ignored: '' };

export const noEnvironment: EnvironmentDraft = {
  name: '',
  teamId: '',
  repositories: [noRepository],
  setup: '',
  variables: '',
  idleSeconds: '',
  outside: '',
  outsideScript: '',
  secretFiles: 'WARN',
  defaultHarness: 'SCRIPT',
  permissions: 'ASK',
  allowedCommands: '',
};

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

export type DraftResult =
  | { readonly ok: true; readonly input: Omit<CreateEnvironmentInput, 'clientKey'> }
  | { readonly ok: false; readonly field: string; readonly message: string };

/** What to send for a draft, or the first thing that is wrong with it. */
export function inputOf(draft: EnvironmentDraft): DraftResult {
  const repositories = draft.repositories.filter(({ url }) => url.trim() !== '');
  if (repositories.length === 0) {
    return { ok: false, field: 'repositories', message: 'Name a repository: an address git can clone, or a path on the worker.' };
  }
  const variables = lines(draft.variables).map((line) => /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? line);
  const wrong = variables.find((line) => typeof line === 'string');
  if (typeof wrong === 'string') {
    return { ok: false, field: 'variables', message: `“${wrong}” is not of the form NAME=value.` };
  }
  return {
    ok: true,
    input: {
      name: draft.name.trim() || nameOfRemote(repositories[0]?.url ?? ''),
      ...(draft.teamId && { teamId: draft.teamId }),
      repositories: repositories.map(({ url, branch, path, push, ignored }) => ({
        url: url.trim(),
        ...(branch.trim() && { branch: branch.trim() }),
        ...(path.trim() && { path: path.trim() }),
        ...(push && { push }),
        ...(ignored.trim() && { snapshot: { ignored: lines(ignored) } }),
      })),
      setupCommands: lines(draft.setup),
      variables: variables.flatMap((found) =>
        typeof found === 'string' ? [] : [{ name: found[1] ?? '', value: found[2] ?? '' }],
      ),
      ...(draft.outside.trim() && { outside: lines(draft.outside) }),
      ...(draft.outsideScript.trim() && { outsideScript: draft.outsideScript.trim() }),
      ...(draft.secretFiles !== 'WARN' && { secretFiles: draft.secretFiles }),
      ...(draft.idleSeconds !== '' && { idleSeconds: Number(draft.idleSeconds) }),
      ...(draft.defaultHarness !== 'SCRIPT' && { defaultHarness: draft.defaultHarness }),
      ...(draft.permissions !== 'ASK' && { permissions: draft.permissions }),
      ...(draft.permissions === 'ALLOW_LIST' && { allowedCommands: lines(draft.allowedCommands) }),
    },
  };
}
