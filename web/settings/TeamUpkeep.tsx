import { Match, Show, Switch, type JSX } from 'solid-js';
import { ApiFailure, ask } from '../api/client.ts';
import { createLoaded } from '../api/loaded.ts';
import { TeamUpkeepDocument } from '../generated/operations.ts';
import { LoadFailed } from '../ui/LoadFailed.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { TeamQuotas } from './TeamQuotas.tsx';
import { TeamRetention } from './TeamRetention.tsx';
import { UnusedBlobs } from './UnusedBlobs.tsx';

async function load(id: string) {
  const { node: team } = await ask(TeamUpkeepDocument, { id });
  if (team?.__typename !== 'Team') throw new ApiFailure('NOT_FOUND', 'There is no such team, or you are not in it.');
  return team;
}

/** What a team uses and how long it keeps what its runs leave; for admins the way to change that. */
export function TeamUpkeep(props: { teamId: string; manages: boolean }): JSX.Element {
  const { state, reload } = createLoaded(() => load(props.teamId));
  const failed = () => {
    const at = state();
    return at.kind === 'FAILED' ? at : null;
  };
  const team = () => {
    const at = state();
    return at.kind === 'READY' ? at.value : null;
  };
  return (
    <Switch fallback={<Skeleton label="Loading what the team uses and keeps" widths={[45, 30]} />}>
      <Match when={failed()}>
        {(problem) => (
          <LoadFailed
            what="What the team uses and keeps"
            code={problem().code}
            message={problem().message}
            onRetry={() => void reload()}
          />
        )}
      </Match>
      <Match when={team()}>
        {(found) => (
          <>
            <TeamQuotas quotas={found().quotas} />
            <TeamRetention teamId={props.teamId} retention={found().retention} manages={props.manages} onSaved={reload} />
            <Show when={props.manages}>
              <UnusedBlobs teamId={props.teamId} />
            </Show>
          </>
        )}
      </Match>
    </Switch>
  );
}
