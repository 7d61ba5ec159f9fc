import { useNavigate, useParams } from '@solidjs/router';
import { createMemo, createSignal, lazy, Match, Show, Suspense, Switch, type Accessor, type JSX } from 'solid-js';
import { isEnded } from '../../domain/states.ts';
import type { RunPageFragment } from '../generated/operations.ts';
import { useApp } from '../shell/app.ts';
import { useCrumbs } from '../shell/crumbs.ts';
import { shownProgress } from '../state/display.ts';
import { Legs } from '../state/Legs.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { ErrorCard } from '../ui/ErrorCard.tsx';
import { Icon } from '../ui/Icon.tsx';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { announceRun } from './announceRun.ts';
import { Banner } from './Banner.tsx';
import { Composer } from './composer/Composer.tsx';
import { ContinueDialog } from './composer/ContinueDialog.tsx';
import { createDraft } from './composer/draft.ts';
import { createOutbox } from './composer/outbox.ts';
import { createCommands } from './commands.ts';
import { RunContext, type RunView } from './context.ts';
import { createRunDetail, type RunDetail, type RunDetailState } from './createRunDetail.ts';
import { createScroll } from './createScroll.ts';
import { createTranscript, type LiveTranscript } from './createTranscript.ts';
import { createFolds } from './folds.ts';
import { goToEvent } from './goTo.ts';
import { RedactDialog } from './RedactDialog.tsx';
import { RunHead, type Tab } from './RunHead.tsx';
import { SessionRail } from './rail/SessionRail.tsx';
import { legOf, shownSessions } from './sessionFacts.ts';
import { TranscriptView } from './TranscriptView.tsx';
import { createArrivals } from './createArrivals.ts';
import { useRunKeys } from './useRunKeys.ts';

const ChangesTab = lazy(() => import('../changes/ChangesTab.tsx').then(({ ChangesTab }) => ({ default: ChangesTab })));
const DetailsTab = lazy(() => import('../details/DetailsTab.tsx').then(({ DetailsTab }) => ({ default: DetailsTab })));

interface RunProps {
  readonly id: string;
  readonly tab: Tab;
  readonly detail: RunDetail;
  readonly live: LiveTranscript;
  readonly run: Accessor<RunPageFragment>;
}

/** A run that was found: its head, its parts, and the place to write to it. */
function Run(props: RunProps): JSX.Element {
  const { viewer, connectionState } = useApp();
  const navigate = useNavigate();
  const { id, live, run, detail } = props;
  const [continuing, setContinuing] = createSignal(false);
  const [redacting, setRedacting] = createSignal<number | null>(null);
  const [sheet, setSheet] = createSignal(false);
  const sessions = createMemo(() => shownSessions(live.transcript(), run()));
  const outbox = createOutbox(id, () => connectionState().kind === 'LIVE', detail.apply);
  const draft = createDraft(id, viewer.id, run);
  const scroll = createScroll(live.transcript);
  const view: RunView = {
    id,
    run,
    sessions,
    live,
    commands: createCommands(id, detail.apply),
    outbox,
    folds: createFolds(),
    compose: (text) => {
      if (text !== '') draft.setText(draft.text().trim() === '' ? text : `${draft.text()}\n${text}`);
      document.getElementById('composer-field')?.focus();
    },
    openContinue: () => setContinuing(true),
    openRedact: setRedacting,
  };
  createArrivals(live.transcript, outbox);
  const inTranscript = (): boolean => props.tab === 'transcript';
  const mayContinue = (): boolean => isEnded(run().state) && run().viewerCan.continue.allowed;
  const goTo = (target: string): void => {
    setSheet(false);
    if (inTranscript()) void goToEvent(target, live);
    else navigate(`/runs/${id}#${target}`);
  };
  useRunKeys(view, scroll, inTranscript);
  announceRun(view);
  useCrumbs(() => ({
    path: [
      { label: 'Runs', href: '/' },
      { label: `${id.slice(0, 12)}…`, mono: true, copy: id },
    ],
    title: run().title,
    shown: shownProgress(live.transcript().state ?? run().state, sessions()),
    back: '/',
  }));

  return (
    <RunContext.Provider value={view}>
      <Switch>
        <Match when={props.tab === 'changes'}>
          <Suspense>
            <ChangesTab head={<RunHead tab="changes" />} />
          </Suspense>
        </Match>
        <Match when={true}>
          <aside class="side" aria-label="Sessions">
            <SessionRail here={inTranscript() ? scroll.ordinal() : null} onGo={goTo} mayContinue={mayContinue()} />
          </aside>
          <main class="page" aria-label="Run">
            <RunHead tab={props.tab} />
            <Show
              when={inTranscript()}
              fallback={
                <Suspense>
                  <DetailsTab />
                </Suspense>
              }
            >
              <div class="strip" role="group" aria-label="Sessions">
                <span class="strip-legs">
                  <Legs sessions={sessions().map(legOf)} />
                </span>
                <button type="button" class="button bare" aria-haspopup="dialog" onClick={() => setSheet(true)}>
                  {sessions().length > 0 ? `Session ${scroll.ordinal() ?? sessions().at(-1)?.ordinal}` : 'Sessions'}
                  <Icon name="down" />
                </button>
              </div>
              <Banner />
              <TranscriptView scroll={scroll} />
              <div class="dock">
                <Show when={!scroll.atEnd()}>
                  <button type="button" class="button to-live" onClick={scroll.toEnd}>
                    <Icon name="down" />
                    {isEnded(run().state) ? 'To the end' : 'Live'}
                    <Show when={scroll.unseen() > 0}>, {scroll.unseen()} new</Show>
                  </button>
                </Show>
                <Composer draft={draft} />
              </div>
            </Show>
          </main>
        </Match>
      </Switch>
      <Show when={continuing()}>
        <ContinueDialog draft={draft} onClose={() => setContinuing(false)} />
      </Show>
      <Show when={redacting()}>{(seq) => <RedactDialog seq={seq()} onClose={() => setRedacting(null)} />}</Show>
      <Show when={sheet()}>
        <Dialog label="Sessions" class="sheet" onClose={() => setSheet(false)}>
          <div class="side-sheet">
            <SessionRail here={scroll.ordinal()} onGo={goTo} mayContinue={mayContinue()} />
          </div>
        </Dialog>
      </Show>
    </RunContext.Provider>
  );
}

/** Loads a run and its transcript side by side; shows the run, or why there is none. */
function Loading(props: { id: string; tab: Tab }): JSX.Element {
  const { connection, runChanges } = useApp();
  const detail = createRunDetail(props.id, runChanges);
  const live = createTranscript(props.id, connection);
  const failed = () => {
    const state = detail.state();
    return state.kind === 'FAILED' ? (state as Extract<RunDetailState, { kind: 'FAILED' }>) : null;
  };
  return (
    <Switch>
      <Match when={detail.state().kind === 'NOT_FOUND' || live.state().kind === 'NOT_FOUND'}>
        <main class="page alone">
          <div class="standing">
            <ErrorCard
              page
              title={detail.run() ? 'This run is gone' : 'There is no such run'}
              message={
                detail.run()
                  ? 'It was deleted, or you are no longer in its team.'
                  : 'It does not exist, or it belongs to a team that you are not in.'
              }
              code="NOT_FOUND"
              icon="lock"
            >
              <a class="button" href="/">
                All runs
              </a>
            </ErrorCard>
          </div>
        </main>
      </Match>
      <Match when={failed()}>
        {(problem) => (
          <main class="page alone">
            <div class="standing">
              <LoadFailed page what="The run" code={problem().code} message={problem().message} onRetry={detail.reload} />
            </div>
          </main>
        )}
      </Match>
      <Match when={detail.run()}>{(run) => <Run id={props.id} tab={props.tab} detail={detail} live={live} run={run} />}</Match>
      <Match when={true}>
        <aside class="side" aria-label="Sessions" />
        <main class="page" aria-label="Run">
          <Skeleton label="Loading the run" widths={[60, 40, 75, 50]} />
        </main>
      </Match>
    </Switch>
  );
}

/** The page of a run; another run is another page. */
export function RunPage(): JSX.Element {
  const params = useParams<{ id: string; tab?: string }>();
  const tab = (): Tab => (params.tab === 'changes' || params.tab === 'details' ? params.tab : 'transcript');
  return (
    <Show when={params.id} keyed>
      {(id) => <Loading id={id} tab={tab()} />}
    </Show>
  );
}
