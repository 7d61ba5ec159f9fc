import { useNavigate } from '@solidjs/router';
import { useKeys, type Binding } from '../keyboard/keys.ts';
import { useCommands, type Command } from '../palette/commands.ts';
import { shownSession as display } from '../state/display.ts';
import { copy } from '../ui/copy.ts';
import { isEnded } from '../../domain/states.ts';
import type { RunView } from './context.ts';
import type { Scroll } from './createScroll.ts';
import { linkTo } from './entries/Event.tsx';
import { entryInFocus, goToEvent, goToNext } from './goTo.ts';
import { spanWords } from './Chapter.tsx';

const group = 'In a run';

/** Opens or folds the details of an entry. */
function toggle(entry: HTMLElement | null): void {
  const details = entry?.querySelector('details');
  if (details) details.open = !details.open;
}

function toggleAllLike(entry: HTMLElement | null): void {
  const open = !(entry?.querySelector('details')?.open ?? false);
  for (const other of document.querySelectorAll<HTMLDetailsElement>(
    `.transcript .event[data-kind="${entry?.dataset['kind'] ?? ''}"] details`,
  )) {
    other.open = open;
  }
}

function copyLink(entry: HTMLElement | null): void {
  const seq = /^e-(\d+)$/.exec(entry?.id ?? '')?.[1];
  if (seq) void copy(linkTo(Number(seq)), 'the link');
}

const isPerson = ({ dataset }: HTMLElement): boolean => dataset['mark'] === 'person';
const isBad = ({ dataset }: HTMLElement): boolean => dataset['mark'] === 'bad';

/** The keys and the palette's entries of a run's page. */
export function useRunKeys(view: RunView, scroll: Scroll, inTranscript: () => boolean): void {
  const navigate = useNavigate();
  const { id, live, sessions, run, commands } = view;
  const go = (target: string): void => {
    if (!inTranscript()) navigate(`/runs/${id}#${target}`);
    else void goToEvent(target, live);
  };
  const step = (by: number): void => {
    const ordinals = sessions().map(({ ordinal }) => ordinal);
    const next = ordinals[ordinals.indexOf(scroll.ordinal() ?? 0) + by];
    if (next !== undefined) go(`session-${next}`);
  };
  const changes = (): void => {
    const snapshot = sessions().find(({ ordinal }) => ordinal === scroll.ordinal())?.snapshot;
    navigate(`/runs/${id}/changes${snapshot ? `?snapshot=${snapshot.id}` : ''}`);
  };
  const write = (): void => document.getElementById('composer-field')?.focus();
  const mayStop = (): boolean => run().viewerCan.interrupt.allowed;
  const mayContinue = (): boolean => isEnded(run().state) && run().viewerCan.continue.allowed;

  const here = (keys: string, label: string, act: () => void): Binding => ({ keys, label, group, when: inTranscript, run: act });
  useKeys([
    here('j', 'Next event', () => goToNext(1)),
    here('k', 'Previous event', () => goToNext(-1)),
    here('[', 'Previous session', () => step(-1)),
    here(']', 'Next session', () => step(1)),
    ...Array.from({ length: 9 }, (_, index): Binding => ({
      keys: `g ${index + 1}`,
      label: 'Session 1 to 9',
      group,
      when: () => sessions().some(({ ordinal }) => ordinal === index + 1),
      run: () => go(`session-${index + 1}`),
    })),
    here('g h', 'The handoff of the session at hand', () => go(`handoff-${scroll.ordinal() ?? 0}`)),
    here('n', 'Next message of a person', () => goToNext(1, isPerson)),
    here('shift+n', 'Previous message of a person', () => goToNext(-1, isPerson)),
    here('e', 'Next error', () => goToNext(1, isBad)),
    { keys: 'p', label: 'The open prompt', group, when: () => live.transcript().openPrompt !== null, run: () => go('prompt') },
    { keys: 'd', label: 'Changes of the session at hand', group, run: changes },
    here('o', 'Open or fold this one', () => toggle(entryInFocus())),
    here('shift+o', 'Open or fold all of its kind', () => toggleAllLike(entryInFocus())),
    here('l', 'To the live end', () => scroll.toEnd()),
    here('y', 'Copy a link to this event', () => copyLink(entryInFocus())),
    here('m', 'Write', write),
    { keys: 'shift+h', label: 'Continue from…', group, when: mayContinue, run: view.openContinue },
    { keys: 'Escape Escape', label: 'Stop what runs', group, when: mayStop, run: () => void commands.interrupt() },
  ]);

  useCommands((): readonly Command[] => [
    ...sessions()
      .toReversed()
      .map((session): Command => ({
        id: `session-${session.ordinal}`,
        group: 'In this run',
        label: `Go to session ${session.ordinal}`,
        context: `${spanWords(session, Date.now())}${session.worker ? ` on ${session.worker}` : ''}`,
        shown: display(session),
        ...(session.ordinal <= 9 && { keys: `g ${session.ordinal}` }),
        run: () => go(`session-${session.ordinal}`),
      })),
    ...sessions()
      .filter(({ ordinal }) => ordinal > 1)
      .toReversed()
      .map(({ ordinal }): Command => ({
        id: `handoff-${ordinal}`,
        group: 'In this run',
        label: `Go to the handoff, session ${ordinal - 1} to ${ordinal}`,
        icon: 'baton',
        run: () => go(`handoff-${ordinal}`),
      })),
    { id: 'transcript', group: 'In this run', label: 'Transcript', icon: 'runs', run: () => navigate(`/runs/${id}`) },
    { id: 'changes', group: 'In this run', label: 'Changes', icon: 'snapshot', keys: 'd', run: changes },
    { id: 'details', group: 'In this run', label: 'Details', icon: 'meter', run: () => navigate(`/runs/${id}/details`) },
    ...(mayContinue()
      ? [
          {
            id: 'continue',
            group: 'Do',
            label: 'Continue in a new session…',
            icon: 'baton',
            keys: 'shift+h',
            run: view.openContinue,
          } as const,
        ]
      : []),
    ...(mayStop()
      ? [
          {
            id: 'stop',
            group: 'Do',
            label: 'Stop what runs',
            icon: 'stop',
            keys: 'Escape Escape',
            run: () => void commands.interrupt(),
          } as const,
        ]
      : []),
    ...(run().viewerCan.endSession.allowed
      ? [{ id: 'end', group: 'Do', label: 'End the session now', icon: 'stop', run: () => void commands.endSession() } as const]
      : []),
    {
      id: 'copy-run',
      group: 'Do',
      label: 'Copy the run’s id',
      context: id,
      icon: 'copy',
      run: () => void copy(id, 'the run’s id'),
    },
    {
      id: 'copy-workflow',
      group: 'Do',
      label: 'Copy the Workflow Id',
      context: run().workflowId,
      icon: 'copy',
      run: () => void copy(run().workflowId, 'the Workflow Id'),
    },
  ]);
}
