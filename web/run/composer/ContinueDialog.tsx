import { createSignal, For, Show, type JSX } from 'solid-js';
import { harnessCapabilities, harnessKinds, type HarnessKind } from '../../../domain/harness.ts';
import { count } from '../../format/amounts.ts';
import { clockWithDay } from '../../format/time.ts';
import type { ConflictWay } from '../../../domain/snapshot.ts';
import type { SnapshotPartsFragment } from '../../generated/operations.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { useRun } from '../context.ts';
import { isCode } from '../entries/MessageEntry.tsx';
import type { ComposerDraft } from './draft.ts';
import '../../runs/newrun.css';

const none = 'none';

/** Which commit the workspace goes on from, and what becomes of conflicts with a newer one. */
type Way = 'KEEP' | ConflictWay;

const nameOf = ({ session, createdAt, changedFiles, kind, gapCount }: SnapshotPartsFragment): string =>
  [
    `Session ${session.ordinal}, ${clockWithDay(createdAt, Date.now())}`,
    count(changedFiles, 'changed file'),
    ...(kind === 'CHECKPOINT' ? ['a checkpoint'] : []),
    ...(gapCount > 0 ? [`${gapCount} left out`] : []),
  ].join(', ');

/** How to continue a run that has ended: from which snapshot, by which agent, with or without a first message. */
export function ContinueDialog(props: { draft: ComposerDraft; onClose: () => void }): JSX.Element {
  const { run, sessions, commands } = useRun();
  const [from, setFrom] = createSignal('');
  const [harness, setHarness] = createSignal<HarnessKind>(run().harness);
  const [way, setWay] = createSignal<Way>('KEEP');
  const [problem, setProblem] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  const snapshots = (): SnapshotPartsFragment[] =>
    sessions()
      .flatMap(({ snapshot }) => (snapshot && snapshot.id !== run().latestSnapshot?.id ? [snapshot] : []))
      .toReversed();
  const text = (): string | null => (props.draft.text().trim() === '' ? null : props.draft.text());
  const mayBeEmpty = (): boolean => harnessCapabilities[harness()].opensIdle;

  /** Only work of before can go on from a newer commit than its own. */
  const hasWorkspace = (): boolean => from() !== none && (from() !== '' || run().latestSnapshot !== null);
  const moves = (): boolean => hasWorkspace() && way() !== 'KEEP';
  const branch = (): string => {
    const names = new Set(run().environment.repositories.map((repository) => repository.branch ?? 'main branch'));
    return names.size === 1 ? ([...names][0] ?? 'main branch') : 'base branches';
  };
  const effect = (): string => {
    const workspace =
      from() === none
        ? 'a fresh workspace from the environment'
        : from() === '' && !run().latestSnapshot
          ? 'a fresh workspace'
          : `the workspace of that snapshot${moves() ? `, merged with the newest ${branch()}` : ''}`;
    return `Session ${(sessions().at(-1)?.ordinal ?? 0) + 1} opens with the same conversation and ${workspace}${text() === null ? ', and waits for a message' : ''}.`;
  };
  const go = async (): Promise<void> => {
    setBusy(true);
    const refused = await commands.continueRun({
      text: text(),
      ...(harness() !== run().harness && { harness: harness() }),
      ...(from() === none ? { withoutWorkspace: true } : from() !== '' && { fromSnapshotId: from() }),
      ...(moves() && { base: 'NEWEST' as const, conflicts: way() as ConflictWay }),
    });
    setBusy(false);
    if (refused !== null) return void setProblem(refused);
    props.draft.setText('');
    props.draft.settleReturned();
    props.onClose();
  };

  return (
    <Dialog label="Continue in a new session" onClose={props.onClose}>
      <form
        class="new-run"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        <div class="dialog-body">
          <label class="new-run-task">
            <span class="visually-hidden">First message</span>
            <textarea
              rows={4}
              classList={{ mono: isCode[harness()] }}
              placeholder={mayBeEmpty() ? 'May stay empty: the session then opens and waits' : 'What should be done next?'}
              value={props.draft.text()}
              onInput={(event) => props.draft.setText(event.currentTarget.value)}
            />
          </label>
          <div class="form-grid">
            <label class="form-label form-wide">
              Workspace
              <span class="chosen">
                <select class="input" autofocus value={from()} onChange={(event) => setFrom(event.currentTarget.value)}>
                  <Show when={run().latestSnapshot} fallback={<option value="">Fresh: there is no snapshot</option>}>
                    {(latest) => <option value="">The latest: {nameOf(latest())}</option>}
                  </Show>
                  <For each={snapshots()}>{(snapshot) => <option value={snapshot.id}>{nameOf(snapshot)}</option>}</For>
                  <option value={none}>None of before: a fresh one</option>
                </select>
                <Icon name="down" />
              </span>
            </label>
            <Show when={hasWorkspace()}>
              <label class="form-label form-wide">
                Base
                <span class="chosen">
                  <select class="input" value={way()} onChange={(event) => setWay(event.currentTarget.value as Way)}>
                    <option value="KEEP">As it was: the commit that it started from</option>
                    <option value="MARKERS">Start from the newest {branch()}: conflicts marked in the files</option>
                    <option value="BESIDE">Start from the newest {branch()}: the run’s file beside the newer one</option>
                  </select>
                  <Icon name="down" />
                </span>
              </label>
            </Show>
            <Show when={harnessKinds.length > 1}>
              <label class="form-label form-wide">
                Harness
                <span class="chosen">
                  <select
                    class="input"
                    value={harness()}
                    onChange={(event) => setHarness(event.currentTarget.value as HarnessKind)}
                  >
                    <For each={harnessKinds}>{(kind) => <option value={kind}>{harnessCapabilities[kind].label}</option>}</For>
                  </select>
                  <Icon name="down" />
                </span>
              </label>
            </Show>
          </div>
          <p class="hint">{effect()}</p>
          <Show when={problem()}>
            <p class="problem" role="alert">
              {problem()}
            </p>
          </Show>
        </div>
        <div class="dialog-foot">
          <span class="end">
            <button type="button" class="button" onClick={() => props.onClose()}>
              Cancel
            </button>
            <button type="submit" class="button pass" disabled={busy() || (text() === null && !mayBeEmpty())}>
              <Icon name="baton" />
              Continue
            </button>
          </span>
        </div>
      </form>
    </Dialog>
  );
}
