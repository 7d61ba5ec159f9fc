import { For, Show, type JSX } from 'solid-js';
import { count } from '../format/amounts.ts';
import { clockWithDay } from '../format/time.ts';
import type { SnapshotPartsFragment } from '../generated/operations.ts';
import { Icon } from '../ui/Icon.tsx';
import { now } from '../ui/now.ts';
import type { Changes } from './changedFile.ts';
import type { Chosen } from './createChanges.ts';

const placeOf = ({ session, createdAt, kind }: SnapshotPartsFragment): string =>
  `Session ${session.ordinal}, ${clockWithDay(createdAt, now())}${kind === 'CHECKPOINT' ? ', a checkpoint' : ''}`;

export interface CompareBarProps {
  readonly snapshots: readonly SnapshotPartsFragment[];
  readonly latest: string | null;
  readonly chosen: Chosen;
  readonly onFrom: (id: string | null) => void;
  readonly onTo: (id: string) => void;
  readonly positions: Changes['repositories'];
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly onChoose: (value: string) => void;
  readonly children: JSX.Element;
}

function Choice(props: ChoiceProps): JSX.Element {
  return (
    <span class="chosen">
      <select
        class="input"
        aria-label={props.label}
        value={props.value}
        onChange={(event) => props.onChoose(event.currentTarget.value)}
      >
        {props.children}
      </select>
      <Icon name="down" />
    </span>
  );
}

/** A snapshot that is in the address and is none of those at the ends of sessions. */
function Unlisted(props: { id: string | null; snapshots: readonly SnapshotPartsFragment[] }): JSX.Element {
  return (
    <Show when={props.id !== null && !props.snapshots.some(({ id }) => id === props.id)}>
      <option value={props.id ?? ''} selected>
        A checkpoint
      </option>
    </Show>
  );
}

/** What is compared with what: the base or a snapshot, to a snapshot. */
export function CompareBar(props: CompareBarProps): JSX.Element {
  return (
    <div class="compare" role="group" aria-label="What is compared">
      <span class="dim">From</span>
      <Choice label="Compare from" value={props.chosen.from ?? ''} onChoose={(id) => props.onFrom(id === '' ? null : id)}>
        <option value="" selected={props.chosen.from === null}>
          The base
        </option>
        <For each={props.snapshots.toReversed()}>
          {(snapshot) => (
            <option value={snapshot.id} selected={snapshot.id === props.chosen.from}>
              {placeOf(snapshot)}
            </option>
          )}
        </For>
        <Unlisted id={props.chosen.from} snapshots={props.snapshots} />
      </Choice>
      <span class="dim">to</span>
      <Choice label="Snapshot" value={props.chosen.to ?? ''} onChoose={props.onTo}>
        <For each={props.snapshots.toReversed()}>
          {(snapshot) => (
            <option value={snapshot.id} selected={snapshot.id === props.chosen.to}>
              {snapshot.id === props.latest ? 'The latest: ' : ''}
              {`${placeOf(snapshot)}: ${count(snapshot.changedFiles, 'file')}`}
            </option>
          )}
        </For>
        <Unlisted id={props.chosen.to} snapshots={props.snapshots} />
      </Choice>
      <For each={props.positions}>
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
    </div>
  );
}
