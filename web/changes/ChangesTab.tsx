import { useLocation, useSearchParams } from '@solidjs/router';
import { createEffect, createMemo, createSignal, For, Match, on, Show, Switch, type JSX } from 'solid-js';
import { ask } from '../api/client.ts';
import { failedWith, type Loaded } from '../api/loaded.ts';
import { bytes, count } from '../format/amounts.ts';
import { clockWithDay } from '../format/time.ts';
import {
  SnapshotChangesDocument,
  type FileChangePartsFragment,
  type SnapshotChangesQuery,
  type SnapshotPartsFragment,
} from '../generated/operations.ts';
import { useRun } from '../run/context.ts';
import { Delta } from '../run/entries/FilesEntry.tsx';
import { Notice } from '../run/entries/Notice.tsx';
import { Gaps } from '../run/entries/SnapshotEntry.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Icon } from '../ui/Icon.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { now } from '../ui/now.ts';
import { Skeleton } from '../ui/Skeleton.tsx';
import { FileDiffView } from './FileDiffView.tsx';
import { FileList } from './FileList.tsx';
import { filesOfPatch, type FileDiff } from './patch.ts';
import { createViewed } from './viewed.ts';
import './changes.css';

const maxBytes = 1_000_000;

type Changes = Extract<NonNullable<SnapshotChangesQuery['node']>, { __typename: 'Snapshot' }>;

/** A changed file with what the patch says of it. */
export interface ChangedFile {
  /** From the workspace's root, with the repository's folder where there are several. */
  readonly path: string;
  readonly change: FileChangePartsFragment;
  readonly diff: FileDiff | null;
}

const pathOf = ({ repository, path }: FileChangePartsFragment): string => (repository === '.' ? path : `${repository}/${path}`);

/** The files of a snapshot, each with its part of the patch. */
export function changedFiles(changes: Pick<Changes, 'changes' | 'patch'>): ChangedFile[] {
  const diffs = new Map(filesOfPatch(changes.patch?.text ?? '').map((diff) => [diff.path, diff] as const));
  return changes.changes
    .map((change) => ({ path: pathOf(change), change, diff: diffs.get(pathOf(change)) ?? null }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

const nameOf = ({ session, createdAt, kind, changedFiles: n }: SnapshotPartsFragment, at: number): string =>
  `Session ${session.ordinal}, ${clockWithDay(createdAt, at)}${kind === 'CHECKPOINT' ? ', a checkpoint' : ''}: ${count(n, 'file')}`;

function createChanges(snapshotId: () => string | null): { state: () => Loaded<Changes | null>; reload: () => void } {
  const [state, setState] = createSignal<Loaded<Changes | null>>({ kind: 'LOADING' });
  let newest = 0;
  const load = async (id: string | null): Promise<void> => {
    const mine = ++newest;
    if (id === null) return void setState({ kind: 'READY', value: null });
    setState({ kind: 'LOADING' });
    try {
      const { node } = await ask(SnapshotChangesDocument, { id, maxBytes });
      if (mine !== newest) return;
      if (node?.__typename === 'Snapshot') setState({ kind: 'READY', value: node });
      else setState({ kind: 'FAILED', code: 'NOT_FOUND', message: 'There is no such snapshot in this run.' });
    } catch (error) {
      if (mine === newest) setState(failedWith(error));
    }
  };
  createEffect(on(snapshotId, (id) => void load(id)));
  return { state, reload: () => void load(snapshotId()) };
}

const sum = (files: readonly ChangedFile[], what: 'additions' | 'deletions'): number =>
  files.reduce((all, { change }) => all + (change[what] ?? 0), 0);

/** What the run has changed: the files of a snapshot against the base, as unified diffs. */
export function ChangesTab(props: { head: JSX.Element }): JSX.Element {
  const { id, run, sessions } = useRun();
  const location = useLocation();
  const [params, setParams] = useSearchParams<{ snapshot?: string }>();
  const [text, setText] = createSignal('');
  const [here, setHere] = createSignal<string | null>(null);
  const snapshotId = createMemo(() => params.snapshot ?? run().latestSnapshot?.id ?? null);
  const { state, reload } = createChanges(snapshotId);
  const viewed = createViewed(id);
  const changes = () => {
    const loaded = state();
    return loaded.kind === 'READY' ? loaded.value : null;
  };
  const failed = () => {
    const loaded = state();
    return loaded.kind === 'FAILED' ? loaded : null;
  };
  const all = createMemo(() => {
    const found = changes();
    return found ? changedFiles(found) : [];
  });
  const files = createMemo(() => all().filter(({ path }) => path.toLowerCase().includes(text().trim().toLowerCase())));
  const isViewed = ({ path, diff }: ChangedFile): boolean => viewed.isViewed(path, diff?.text ?? '');
  const snapshots = createMemo(() => {
    const known = sessions().flatMap(({ snapshot }) => (snapshot ? [snapshot] : []));
    const latest = run().latestSnapshot;
    return latest && !known.some((snapshot) => snapshot.id === latest.id) ? [...known, latest] : known;
  });
  const go = (path: string): void => {
    setHere(path);
    document.getElementById(`file-${path}`)?.scrollIntoView({ block: 'start' });
  };
  createEffect(
    on(all, (found) => {
      const wanted = decodeURIComponent(location.hash.slice(1));
      if (found.some(({ path }) => path === wanted)) requestAnimationFrame(() => go(wanted));
    }),
  );

  return (
    <>
      <aside class="side" aria-label="Changed files">
        <FileList
          files={files()}
          all={all().length}
          viewed={all().filter(isViewed).length}
          text={text()}
          onText={setText}
          isViewed={isViewed}
          here={here()}
          onGo={go}
        />
      </aside>
      <main class="page" aria-label="Changes">
        {props.head}
        <Show when={snapshots().length > 0}>
          <div class="compare">
            <span class="dim">The base, to</span>
            <span class="chosen">
              <select
                class="input"
                aria-label="Snapshot"
                value={snapshotId() ?? ''}
                onChange={(event) => {
                  const chosen = event.currentTarget.value;
                  setParams({ snapshot: chosen === run().latestSnapshot?.id ? null : chosen });
                }}
              >
                <For each={snapshots().toReversed()}>
                  {(snapshot) => (
                    <option value={snapshot.id} selected={snapshot.id === snapshotId()}>
                      {snapshot.id === run().latestSnapshot?.id ? 'The latest: ' : ''}
                      {nameOf(snapshot, now())}
                    </option>
                  )}
                </For>
                <Show when={params.snapshot && !snapshots().some((snapshot) => snapshot.id === params.snapshot)}>
                  <option value={params.snapshot} selected>
                    A checkpoint
                  </option>
                </Show>
              </select>
              <Icon name="down" />
            </span>
            <Show when={changes()}>
              {(found) => (
                <For each={found().repositories}>
                  {({ repository, branch, base, head }) => (
                    <span class="position wide-only">
                      <Icon name="branch" />
                      {repository === '.' ? '' : `${repository}: `}
                      <code>
                        {branch ?? 'detached'}
                        <Show when={base}> {base?.slice(0, 7)}</Show>
                        <Show when={head && head !== base}> → {head?.slice(0, 7)}</Show>
                      </code>
                    </span>
                  )}
                </For>
              )}
            </Show>
          </div>
        </Show>
        <div class="scroll" tabIndex={0} role="region" aria-label="Diff">
          <div class="changes">
            <Switch>
              <Match when={failed()}>
                {(problem) => (
                  <LoadFailed what="The changes" code={problem().code} message={problem().message} onRetry={reload} />
                )}
              </Match>
              <Match when={state().kind === 'LOADING'}>
                <Skeleton label="Loading the changes" widths={[50, 70, 40]} />
              </Match>
              <Match when={changes() === null}>
                <div class="empty">
                  <h2>No snapshot yet</h2>
                  <p>The workspace is captured after each turn and when a session ends; what it changed then stands here.</p>
                </div>
              </Match>
              <Match when={changes()}>
                {(found) => (
                  <>
                    <div class="changes-bar">
                      <b>{count(found().changedFiles, 'file')}</b>
                      <Delta additions={sum(all(), 'additions')} deletions={sum(all(), 'deletions')} />
                      <span class="grow" />
                      <Show when={found().patch}>
                        {(patch) => (
                          <CopyButton text={patch().text} what="the patch" class="button">
                            <span>Copy patch</span>
                          </CopyButton>
                        )}
                      </Show>
                    </div>
                    <Show when={found().gapCount > 0}>
                      <Notice title={`${count(found().gapCount, 'entry', 'entries')} left out of the snapshot.`}>
                        <Gaps gaps={found().gaps} count={found().gapCount} />
                      </Notice>
                    </Show>
                    <Show when={found().warningCount > 0}>
                      <Notice title={`${count(found().warningCount, 'file')} in the snapshot look like secrets.`}>
                        <Gaps gaps={found().warnings} count={found().warningCount} />
                      </Notice>
                    </Show>
                    <Show when={found().patch?.truncated}>
                      <Notice title="A part of the changes is shown.">
                        The patch has {bytes(found().patch?.bytes ?? 0)}; its first files are here, the others are in the list
                        only.
                      </Notice>
                    </Show>
                    <Show when={found().changedFiles > found().changes.length}>
                      <Notice title={`The first ${found().changes.length} files are listed.`}>
                        The snapshot holds all {found().changedFiles}.
                      </Notice>
                    </Show>
                    <Show when={found().changedFiles === 0}>
                      <div class="empty">
                        <h2>Nothing was changed</h2>
                        <p>The workspace is as the base has it.</p>
                      </div>
                    </Show>
                    <For each={files()}>
                      {(file) => (
                        <FileDiffView
                          change={file.change}
                          path={file.path}
                          diff={file.diff}
                          truncated={found().patch?.truncated ?? false}
                          viewed={isViewed(file)}
                          onViewed={(is) => viewed.setViewed(file.path, file.diff?.text ?? '', is)}
                        />
                      )}
                    </For>
                  </>
                )}
              </Match>
            </Switch>
          </div>
        </div>
      </main>
    </>
  );
}
