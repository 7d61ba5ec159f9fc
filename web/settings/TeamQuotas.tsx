import { For, Show, type JSX } from 'solid-js';
import type { QuotaKind } from '../../domain/quota.ts';
import { bytes, number } from '../format/amounts.ts';
import type { QuotaPartsFragment } from '../generated/operations.ts';
import { SettingsSection } from './SettingsSection.tsx';

/** Each quota: what it is of, how its amounts are written, and what to do when it is used up. */
const quotaWords: Record<QuotaKind, { readonly name: string; readonly amount: (n: number) => string; readonly full: string }> = {
  RUNNING_SESSIONS: {
    name: 'Runs queued or in progress',
    amount: number,
    full: 'Nothing more is started until one ends or is canceled.',
  },
  STORAGE_BYTES: { name: 'Snapshots stored', amount: bytes, full: 'Nothing more is started until runs are deleted.' },
};

/** What a team may have only so much of, and how much of it is used. */
export function TeamQuotas(props: { quotas: readonly QuotaPartsFragment[] }): JSX.Element {
  return (
    <SettingsSection title="Usage" lead="Whoever operates this Baton sets the limits.">
      <ul class="settings-list" aria-label="Usage">
        <For each={props.quotas}>{(quota) => <QuotaRow quota={quota} />}</For>
      </ul>
    </SettingsSection>
  );
}

function QuotaRow(props: { quota: QuotaPartsFragment }): JSX.Element {
  const words = () => quotaWords[props.quota.kind];
  const amount = (n: number): string => words().amount(n);
  const full = (limit: number): boolean => props.quota.used >= limit;
  return (
    <li class="settings-row">
      <div class="settings-what">
        <h3>{words().name}</h3>
        <Show when={props.quota.limit !== null && full(props.quota.limit)}>
          <p class="problem">{words().full}</p>
        </Show>
      </div>
      <div class="settings-use">
        <Show when={props.quota.limit} fallback={<span>{amount(props.quota.used)}, no limit</span>}>
          {(limit) => (
            <>
              <span>
                {amount(props.quota.used)} of {amount(limit())}
              </span>
              <span
                class="settings-meter"
                classList={{ full: full(limit()) }}
                role="meter"
                aria-label={words().name}
                aria-valuemin={0}
                aria-valuemax={limit()}
                aria-valuenow={Math.min(props.quota.used, limit())}
                aria-valuetext={`${amount(props.quota.used)} of ${amount(limit())}`}
              >
                <span style={{ width: `${Math.min(100, (props.quota.used / limit()) * 100)}%` }} />
              </span>
            </>
          )}
        </Show>
      </div>
    </li>
  );
}
