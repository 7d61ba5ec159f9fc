import { useLocation, useSearchParams } from '@solidjs/router';
import { createEffect, createMemo, createSignal, For, Match, on, Show, Switch, type JSX } from 'solid-js';
import { bytes, count } from '../format/amounts.ts';
import { useRun } from '../run/context.ts';
import { Delta } from '../run/entries/FilesEntry.tsx';
import { Notice } from '../run/entries/Notice.tsx';
import { Gaps } from '../run/entries/SnapshotEntry.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { changedFiles, differentFile, type ChangedFile, type Changes, type Difference } from './changedFile.ts';
import { CompareBar } from './CompareBar.tsx';
import { createChanges, type Chosen } from './createChanges.ts';
import { FileDiffView } from './FileDiffView.tsx';
import { FileList } from './FileList.tsx';
import { Moved } from './Moved.tsx';
import { createViewed } from './viewed.ts';
import './changes.css';

const sum = (files: readonly ChangedFile[], what: 'additions' | 'deletions'): number =>
  files.reduce((all, { change }) => all + (change[what] ?? 0), 0);

/** What is said of the files together, above them. */
function Bar(props: { count: number; files: readonly ChangedFile[]; patch: string }): JSX.Element {
  return (
    <div class="changes-bar">
      <b>{count(props.count, 'file')}</b>
      <Delta additions={sum(props.files, 'additions')} deletions={sum(props.files, 'deletions')} />
      <span class="grow" />
      <Show when={props.patch}>
        <CopyButton text={props.patch} what="the patch" class="button">
          <span>Copy patch</span>
        </CopyButton>
      </Show>
    </div>
  );
}

/** What is to be known of a snapshot's changes against the base. */
function ChangesNotices(props: { changes: Changes }): JSX.Element {
  return (
    <>
      <Show when={props.changes.gapCount > 0}>
        <Notice title={`${count(props.changes.gapCount, 'entry', 'entries')} left out of the snapshot.`}>
          <Gaps gaps={props.changes.gaps} count={props.changes.gapCount} />
        </Notice>
      </Show>
      <Show when={props.changes.warningCount > 0}>
        <Notice title={`${count(props.changes.warningCount, 'file')} in the snapshot look like secrets.`}>
          <Gaps gaps={props.changes.warnings} count={props.changes.warningCount} />
        </Notice>
      </Show>
      <Show when={props.changes.patch?.truncated}>
        <Notice title="A part of the changes is shown.">
          The patch has {bytes(props.changes.patch?.bytes ?? 0)}; its first files are here, the others are in the list only.
        </Notice>
      </Show>
      <Show when={props.changes.changedFiles > props.changes.changes.length}>
        <Notice title={`The first ${props.changes.changes.length} files are listed.`}>
          The snapshot holds all {props.changes.changedFiles}.
        </Notice>
      </Show>
      <Show when={props.changes.changedFiles === 0}>
        <div class="empty">
          <h2>Nothing was changed</h2>
          <p>The workspace is as the base has it.</p>
        </div>
      </Show>
    </>
  );
}

/** What is to be known of how two snapshots differ. */
function DifferenceNotices(props: { difference: Difference }): JSX.Element {
  const ends = (): string => {
    const { before, after } = props.difference;
    return before.session.ordinal === after.session.ordinal
      ? `the two snapshots of session ${before.session.ordinal}`
      : `session ${before.session.ordinal} and session ${after.session.ordinal}`;
  };
  return (
    <>
      <Moved repositories={props.difference.repositories} />
      <Show when={props.difference.fileCount === 0 && props.difference.repositories.every(({ comparable }) => comparable)}>
        <div class="empty">
          <h2>{props.difference.same ? `Nothing changed between ${ends()}` : `No file changed between ${ends()}`}</h2>
          <p>{props.difference.same ? 'The workspace was the same.' : 'Only what stands above is not the same.'}</p>
        </div>
      </Show>
    </>
  );
}

/** What the run has changed: the files of a snapshot against the base or another snapshot, as unified diffs. */
export function ChangesTab(props: { head: JSX.Element }): JSX.Element {
  const { id, run, sessions } = useRun();
  const location = useLocation();
  const [params, setParams] = useSearchParams<{ snapshot?: string; from?: string }>();
  const [text, setText] = createSignal('');
  const [here, setHere] = createSignal<string | null>(null);
  const from = createMemo(() => params.from ?? null);
  const to = createMemo(() => params.snapshot ?? run().latestSnapshot?.id ?? null);
  const chosen = createMemo((): Chosen => ({ from: from(), to: to() }));
  const { state, reload, more, loadingMore } = createChanges(chosen);
  const viewed = createViewed(id);
  const shown = () => {
    const loaded = state();
    return loaded.kind === 'READY' ? loaded.value : null;
  };
  const changes = () => {
    const found = shown();
    return found?.kind === 'CHANGES' ? found.changes : null;
  };
  const difference = () => {
    const found = shown();
    return found?.kind === 'DIFFERENCE' ? found.difference : null;
  };
  const failed = () => {
    const loaded = state();
    return loaded.kind === 'FAILED' ? loaded : null;
  };
  const all = createMemo(() => {
    const found = changes();
    return found ? changedFiles(found) : (difference()?.files.edges.map(({ node }) => differentFile(node)) ?? []);
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
  const left = (): number => (difference()?.fileCount ?? 0) - all().length;

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
          <CompareBar
            snapshots={snapshots()}
            latest={run().latestSnapshot?.id ?? null}
            chosen={chosen()}
            onFrom={(from) => setParams({ from })}
            onTo={(to) => setParams({ snapshot: to === run().latestSnapshot?.id ? null : to })}
            positions={changes()?.repositories ?? []}
          />
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
              <Match when={shown()?.kind === 'NONE'}>
                <div class="empty">
                  <h2>No snapshot yet</h2>
                  <p>The workspace is captured after each turn and when a session ends; what it changed then stands here.</p>
                </div>
              </Match>
              <Match when={shown()}>
                <Bar
                  count={changes()?.changedFiles ?? difference()?.fileCount ?? 0}
                  files={all()}
                  patch={
                    changes()?.patch?.text ??
                    all()
                      .map(({ diff }) => diff?.text ?? '')
                      .join('')
                  }
                />
                <Show when={changes()}>{(found) => <ChangesNotices changes={found()} />}</Show>
                <Show when={difference()}>{(found) => <DifferenceNotices difference={found()} />}</Show>
                <For each={files()}>
                  {(file) => (
                    <FileDiffView
                      change={file.change}
                      path={file.path}
                      diff={file.diff}
                      note={file.note}
                      truncated={changes()?.patch?.truncated ?? false}
                      viewed={isViewed(file)}
                      onViewed={(is) => viewed.setViewed(file.path, file.diff?.text ?? '', is)}
                    />
                  )}
                </For>
                <Show when={left() > 0}>
                  <button type="button" class="button more-files" disabled={loadingMore()} onClick={() => void more()}>
                    {loadingMore() ? 'Loading …' : `Show more of ${count(left(), 'file')}`}
                  </button>
                </Show>
              </Match>
            </Switch>
          </div>
        </div>
      </main>
    </>
  );
}
