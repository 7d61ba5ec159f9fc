import { Show, type JSX } from 'solid-js';
import { RetentionForm, type Retention } from './RetentionForm.tsx';
import { SettingsSection } from './SettingsSection.tsx';

export interface TeamRetentionProps {
  readonly teamId: string;
  readonly retention: Retention;
  readonly manages: boolean;
  readonly onSaved: () => Promise<void>;
}

/** How long a team keeps what its runs leave: a form for admins, two lines for others. */
export function TeamRetention(props: TeamRetentionProps): JSX.Element {
  return (
    <SettingsSection
      title="Retention"
      lead="Counted from a run’s last activity, and only for runs that have ended. What is past its time goes for good, once an hour."
    >
      <Show when={!props.manages} fallback={<RetentionForm {...props} />}>
        <ul class="settings-list" aria-label="Retention">
          <Kept what="Transcripts" days={props.retention.keepTranscriptDays} />
          <Kept what="Snapshots" days={props.retention.keepSnapshotDays} />
        </ul>
      </Show>
    </SettingsSection>
  );
}

function Kept(props: { what: string; days: number | null }): JSX.Element {
  return (
    <li class="settings-row">
      <div class="settings-what">
        <h3>{props.what}</h3>
      </div>
      <span>{props.days === null ? 'Kept for good' : `Kept for ${props.days === 1 ? '1 day' : `${props.days} days`}`}</span>
    </li>
  );
}
