import { A, useParams } from '@solidjs/router';
import { createSignal, For, Show, type JSX } from 'solid-js';
import { auditActions, auditWords, type AuditAction } from '../../domain/audit.ts';
import { ask } from '../api/client.ts';
import { createLoaded, failedWith } from '../api/loaded.ts';
import { AuditLogDocument, type AuditPartsFragment } from '../generated/operations.ts';
import { useApp } from '../shell/app.ts';
import { Icon } from '../ui/Icon.tsx';
import { Time } from '../ui/Time.tsx';
import { SettingsFrame } from './SettingsFrame.tsx';

interface Entries {
  readonly entries: readonly AuditPartsFragment[];
  readonly total: number;
  /** Where the next page begins; null when there is none. */
  readonly next: string | null;
}

async function page(teamId: string, action: string, after: string | null): Promise<Entries> {
  const filter = action === '' ? null : { actions: [action as AuditAction] };
  const { auditLog } = await ask(AuditLogDocument, { teamId, filter, after });
  const { edges, pageInfo, totalCount } = auditLog;
  return {
    entries: edges.map(({ node }) => node),
    total: totalCount,
    next: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  };
}

/** Who did what in a team, for its admins. */
export function AuditPage(): JSX.Element {
  const params = useParams<{ id: string }>();
  return (
    <Show when={params.id} keyed>
      {(id) => <Audit teamId={id} />}
    </Show>
  );
}

function Audit(props: { teamId: string }): JSX.Element {
  const { viewer } = useApp();
  const teamName = (): string => viewer.memberships?.find(({ team }) => team.id === props.teamId)?.team.name ?? 'the team';
  const [action, setAction] = createSignal('');
  const [older, setOlder] = createSignal<readonly Entries[]>([]);
  const [problem, setProblem] = createSignal<string | null>(null);
  const { state, reload } = createLoaded(() => page(props.teamId, action(), null));
  const first = () => {
    const at = state();
    return at.kind === 'READY' ? at.value : null;
  };
  const last = () => older().at(-1) ?? first();
  const entries = () => [...(first()?.entries ?? []), ...older().flatMap((one) => one.entries)];
  const choose = (chosen: string): void => {
    setAction(chosen);
    setOlder([]);
    void reload();
  };
  const more = async (): Promise<void> => {
    setProblem(null);
    try {
      const next = await page(props.teamId, action(), last()?.next ?? null);
      setOlder((now) => [...now, next]);
    } catch (error) {
      setProblem(failedWith(error).message);
    }
  };
  return (
    <SettingsFrame
      title="Audit log"
      state={state()}
      onRetry={() => void reload()}
      actions={
        <span class="chosen settings-role">
          <select class="input" aria-label="Which acts" value={action()} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">Every act</option>
            <For each={auditActions}>{(one) => <option value={one}>{one.toLowerCase().replaceAll('_', ' ')}</option>}</For>
          </select>
          <Icon name="down" />
        </span>
      }
    >
      <div class="settings">
        <p class="settings-lead">
          What people did in {teamName()}, the newest first: {first()?.total ?? 0} in all.
        </p>
        <ul class="settings-list" aria-label="Audit log">
          <For each={entries()}>{(entry) => <AuditRow entry={entry} />}</For>
        </ul>
        <Show when={problem()}>
          <p class="problem" role="alert">
            {problem()}
          </p>
        </Show>
        <Show when={last()?.next}>
          <button type="button" class="button settings-more" onClick={() => void more()}>
            Older
          </button>
        </Show>
      </div>
    </SettingsFrame>
  );
}

function AuditRow(props: { entry: AuditPartsFragment }): JSX.Element {
  const via = () => {
    const { via: shown } = props.entry;
    if (!shown) return 'through Temporal';
    return shown.kind === 'TOKEN' ? `by the token ${shown.tokenName}` : 'in a browser';
  };
  return (
    <li class="settings-row">
      <div class="settings-what">
        <p>
          <strong>{props.entry.actor.name}</strong> {auditWords[props.entry.action]}{' '}
          <Show when={props.entry.targetId.startsWith('run_')} fallback={<strong>{props.entry.targetName}</strong>}>
            <A class="text-button" href={`/runs/${props.entry.targetId}`}>
              {props.entry.targetName}
            </A>
          </Show>
        </p>
        <p class="dim">
          <Show when={props.entry.detail}>{props.entry.detail}; </Show>
          {via()}
        </p>
      </div>
      <Time class="dim" at={props.entry.at} as="day" />
    </li>
  );
}
