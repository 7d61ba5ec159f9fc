import { A, useNavigate } from '@solidjs/router';
import { createSignal, Show, type JSX } from 'solid-js';
import { isEnded } from '../../domain/states.ts';
import { number, usageWords } from '../format/amounts.ts';
import { originDisplay } from '../runs/originDisplay.ts';
import { shownProgress } from '../state/display.ts';
import { StateBadge } from '../state/StateBadge.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { copy } from '../ui/copy.ts';
import { Icon } from '../ui/Icon.tsx';
import { Menu, type MenuItem } from '../ui/Menu.tsx';
import { harnessLabel } from './composer/composerMode.ts';
import { useRun } from './context.ts';
import { ExportDialog } from './ExportDialog.tsx';
import './runhead.css';

export type Tab = 'transcript' | 'changes' | 'details';

function Facts(): JSX.Element {
  const { run } = useRun();
  return (
    <ul class="run-facts">
      <li>
        <Avatar name={run().creator.name} />
        {run().creator.name}, {run().team.name}
      </li>
      <li>
        <Icon name={originDisplay[run().origin].icon} />
        {originDisplay[run().origin].label}
      </li>
      <li>
        <Icon name="environment" />
        {run().environment.name}
      </li>
      <Show when={run().branch}>
        <li>
          <Icon name="branch" />
          <code>{run().branch}</code>
        </li>
      </Show>
      <li>
        <Icon name="agent" />
        {harnessLabel(run().harness)}
      </li>
      <Show when={usageWords(run().usage).length > 0}>
        <li>
          <Icon name="meter" />
          {usageWords(run().usage).join(' · ')}
        </li>
      </Show>
    </ul>
  );
}

/** A run's name and state, what may be done with it, and its parts. */
export function RunHead(props: { tab: Tab }): JSX.Element {
  const { id, run, live, sessions, commands, openContinue } = useRun();
  const navigate = useNavigate();
  const [canceling, setCanceling] = createSignal(false);
  const [exporting, setExporting] = createSignal(false);
  const [deleting, setDeleting] = createSignal(false);
  const remove = async (): Promise<string | null> => {
    const refused = await commands.remove();
    if (refused === null) navigate('/');
    return refused;
  };
  const state = () => live.transcript().state ?? run().state;
  const shown = () => shownProgress(state(), sessions());
  const tabs: readonly { readonly tab: Tab; readonly label: string; readonly href: string }[] = [
    { tab: 'transcript', label: 'Transcript', href: `/runs/${id}` },
    { tab: 'changes', label: 'Changes', href: `/runs/${id}/changes` },
    { tab: 'details', label: 'Details', href: `/runs/${id}/details` },
  ];
  const items = (): MenuItem[] => {
    const { viewerCan } = run();
    const over = isEnded(state());
    return [
      ...(over
        ? [
            {
              label: 'Continue from…',
              icon: 'baton' as const,
              run: openContinue,
              disabled: viewerCan.continue.allowed ? null : viewerCan.continue.reason,
            },
          ]
        : [
            {
              label: 'End session now',
              icon: 'stop' as const,
              run: () => void commands.endSession(),
              disabled: viewerCan.endSession.allowed ? null : viewerCan.endSession.reason,
            },
            {
              label: 'Cancel the run',
              icon: 'close' as const,
              run: () => setCanceling(true),
              disabled: viewerCan.cancel.allowed ? null : viewerCan.cancel.reason,
            },
          ]),
      { label: 'Copy the run’s id', icon: 'copy', run: () => void copy(id, 'the run’s id') },
      { label: 'Copy a link to the run', icon: 'link', run: () => void copy(`${location.origin}/runs/${id}`, 'the link') },
      { label: 'Export…', icon: 'restore', run: () => setExporting(true) },
      {
        label: 'Delete…',
        icon: 'trash',
        run: () => setDeleting(true),
        disabled: viewerCan.delete.allowed ? null : viewerCan.delete.reason,
      },
    ];
  };
  return (
    <div class="run-head">
      <div class="run-head-line">
        <h1 class="cut">{run().title}</h1>
        <StateBadge shown={shown()} box />
        <Show when={(run().cancelRequestedAt || live.transcript().cancelRequested) && !isEnded(state())}>
          <span class="tag">is being canceled</span>
        </Show>
        <span class="grow" />
        <Show when={!isEnded(state())}>
          <button
            type="button"
            class="button"
            disabled={!run().viewerCan.cancel.allowed}
            title={run().viewerCan.cancel.reason ?? undefined}
            onClick={() => setCanceling(true)}
          >
            Cancel run
          </button>
        </Show>
        <Menu label="More to do with this run" items={items()}>
          <Icon name="more" />
        </Menu>
      </div>
      <Facts />
      <nav class="tabs" aria-label="Parts of the run">
        {tabs.map(({ tab, label, href }) => (
          <A href={href} aria-current={props.tab === tab ? 'page' : undefined} activeClass="" noScroll>
            {label}
            <Show when={tab === 'changes' && run().latestSnapshot?.changedFiles ? run().latestSnapshot : null}>
              {(snapshot) => <span class="count">{number(snapshot().changedFiles)}</span>}
            </Show>
          </A>
        ))}
        <span class="phone-only tabs-end">
          <Menu label="More to do with this run, from here" items={items()}>
            <Icon name="more" />
          </Menu>
        </span>
      </nav>
      <Show when={canceling()}>
        <Confirm title="Cancel the run?" action="Cancel the run" onConfirm={commands.cancel} onClose={() => setCanceling(false)}>
          What is running is stopped within seconds, what was done so far is captured, and messages that wait come back. The run
          can be continued later.
        </Confirm>
      </Show>
      <Show when={exporting()}>
        <ExportDialog onClose={() => setExporting(false)} />
      </Show>
      <Show when={deleting()}>
        <Confirm title="Delete the run?" action="Delete" onConfirm={remove} onClose={() => setDeleting(false)}>
          “{run().title}” goes for good, for everyone: its transcript, its snapshots, and what Temporal knows of it. Branches that
          it pushed stay. Export it first if you want to keep something.
        </Confirm>
      </Show>
    </div>
  );
}
