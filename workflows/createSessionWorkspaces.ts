import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import type { BlobStore } from '../blobs/blobStore.ts';
import type { WorkerConfig } from '../config/worker.ts';
import type { BlobRef, SnapshotSummary } from '../domain/snapshot.ts';
import type { Sandbox } from '../harnesses/sandbox.ts';
import type { SessionToOpen } from '../journal/readSession.ts';
import { gitCredentials } from '../workspace/gitCredential.ts';
import type { Author } from '../workspace/workingCopy.ts';
import { createWorkspaces } from '../workspace/workspaces.ts';
import { declaredFiles } from './declaredFiles.ts';
import type { HostedSession } from './hostedSession.ts';
import { sandboxedGit } from './sandboxedGit.ts';
import type { SessionWorkspaces } from './sessionWorkspaces.ts';

export interface SessionWorkspacesOptions {
  readonly config: WorkerConfig;
  readonly blobs: BlobStore;
  readonly sandbox: Sandbox;
  readonly log: Logger;
}

/** The session's view of the workspaces: each in the session's own directory, on the run's own branch. */
export function createSessionWorkspaces({ config, blobs, sandbox, log }: SessionWorkspacesOptions): SessionWorkspaces {
  const directory = config.BATON_WORKER_HOME;
  const most = config.BATON_READY_CHECKOUTS;
  const onTrouble = (error: unknown) => log.warn({ err: error }, 'a checkout for sessions to come could not be made');
  const nothing = path.join(directory, 'nothing');
  mkdirSync(nothing, { recursive: true, mode: 0o755 });
  const seenAt = (workspace: string) => sandbox.workspacePath({ workspace, home: nothing, variables: {}, network: false });
  const workspaces = createWorkspaces({
    blobs,
    mirrors: path.join(directory, 'mirrors'),
    mostMirrorBytes: config.BATON_MIRRORS_GIB * 1024 ** 3,
    limits: { file: config.BATON_SNAPSHOT_FILE_MIB * 1024 ** 2, all: config.BATON_SNAPSHOT_MIB * 1024 ** 2 },
    workspaceGit: sandboxedGit({ sandbox, nothing }),
    ...(most > 0 && { ready: { directory: path.join(directory, 'ready'), most, onTrouble } }),
  });
  return {
    open: (session, info, onProgress) =>
      workspaces.open({
        ...placeOf(session, info),
        repositories: info.repositories.map(({ url, branch, path }) => ({ repository: path, url, branch })),
        workingBranch: workingBranch(info),
        restoring: manifestOf(info.restore?.summary),
        credentials: gitCredentials(session.secrets),
        newest: info.restore?.newest != null,
        author: authorOf(info),
        allowLocal: config.BATON_ALLOW_LOCAL_REPOSITORIES,
        signal: session.halted,
        onProgress,
      }),
    restore: (session, info) =>
      workspaces.restore({
        ...placeOf(session, info),
        manifest: info.restore.summary.manifest,
        snapshotId: info.restore.snapshotId,
        home: session.home,
        opened: session.opened,
        untouched: info.setupCommands.length === 0,
        newest: info.restore.newest && {
          conflicts: info.restore.newest,
          author: authorOf(info),
          suffix: `.baton-${info.sessionId.slice(-6)}`,
        },
        seenAt: seenAt(session.workspace),
        allowLocal: config.BATON_ALLOW_LOCAL_REPOSITORIES,
        signal: session.halted,
      }),
    // A cancel stops what the agent does; what it did is still captured.
    capture: async (session, info, signal) => {
      const { summary, changes } = await workspaces.capture({
        ...placeOf(session, info),
        opened: session.opened,
        declared: await declaredFiles(sandbox, session, info, signal),
        previous: session.manifest,
        quiesced: true,
        seenAt: seenAt(session.workspace),
        signal,
      });
      return { summary, changed: changes };
    },
    push: (session, info, { opened, url }, signal) =>
      workspaces.push({
        ...placeOf(session, info),
        opened,
        url,
        credentials: gitCredentials(session.secrets),
        allowLocal: config.BATON_ALLOW_LOCAL_REPOSITORIES,
        signal,
        hurried: session.hurried,
      }),
    close: () => workspaces.close(),
  };
}

const placeOf = (session: HostedSession, { teamId }: Pick<SessionToOpen, 'teamId'>) => ({
  teamId,
  directory: session.workspace,
  state: session.workspaceState,
});

const authorOf = ({ creatorName, creatorEmail }: SessionToOpen): Author => ({
  name: creatorName,
  email: creatorEmail ?? 'baton@localhost',
});

const manifestOf = (summary: SnapshotSummary | undefined): BlobRef | null => summary?.manifest ?? null;

/**
 * The run's own branch, so that runs on one repository never meet: `baton/` and the end of the run's id, which is
 * random, where its beginning is only the time.
 */
const workingBranch = ({ runId }: Pick<SessionToOpen, 'runId'>): string => `baton/${runId.slice(-10)}`;
