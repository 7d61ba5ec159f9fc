import { useParams } from '@solidjs/router';
import { createSignal, For, Show, type JSX } from 'solid-js';
import { roles, type Role } from '../../domain/person.ts';
import { ApiFailure, ask, send } from '../api/client.ts';
import { createLoaded, failedWith } from '../api/loaded.ts';
import {
  ChangeRoleDocument,
  RemoveMemberDocument,
  TeamMembersDocument,
  type MemberPartsFragment,
} from '../generated/operations.ts';
import { announce } from '../shell/announce.ts';
import { useApp } from '../shell/app.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Time } from '../ui/Time.tsx';
import { AddMember } from './AddMember.tsx';
import { SettingsFrame } from './SettingsFrame.tsx';
import { SettingsSection } from './SettingsSection.tsx';
import { TeamUpkeep } from './TeamUpkeep.tsx';

interface TeamView {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly viewerRole: Role;
  readonly members: readonly MemberPartsFragment[];
}

async function load(id: string): Promise<TeamView> {
  const members: MemberPartsFragment[] = [];
  for (let after: string | null = null; ;) {
    const { node: team }: Awaited<ReturnType<typeof page>> = await page(id, after);
    if (team?.__typename !== 'Team') throw new ApiFailure('NOT_FOUND', 'There is no such team, or you are not in it.');
    members.push(...team.members.edges.map((edge) => edge.node));
    if (!team.members.pageInfo.hasNextPage) return { ...team, members };
    after = team.members.pageInfo.endCursor;
  }
}

const page = (id: string, after: string | null) => ask(TeamMembersDocument, { id, after });

/** Each role in words. */
const roleWords: Record<Role, string> = { VIEWER: 'Viewer', MEMBER: 'Member', ADMIN: 'Admin' };

/** Who is in a team, and what they may do; for admins the way to change it. */
export function TeamPage(): JSX.Element {
  const params = useParams<{ id: string }>();
  return (
    <Show when={params.id} keyed>
      {(id) => <Team id={id} />}
    </Show>
  );
}

function Team(props: { id: string }): JSX.Element {
  const { viewer } = useApp();
  const { state, reload } = createLoaded(() => load(props.id));
  const [adding, setAdding] = createSignal(false);
  const [removing, setRemoving] = createSignal<MemberPartsFragment | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);
  const team = () => {
    const at = state();
    return at.kind === 'READY' ? at.value : null;
  };
  const manages = (): boolean => team()?.viewerRole === 'ADMIN';

  const changeRole = async ({ user }: MemberPartsFragment, role: Role): Promise<void> => {
    setProblem(null);
    try {
      const { changeRole: told } = await send(ChangeRoleDocument, { input: { teamId: props.id, userId: user.id, role } });
      if (told.__typename === 'ChangeRolePayload') announce(`${user.name} is ${roleWords[role].toLowerCase()} now`);
      else setProblem(told.message);
    } catch (error) {
      setProblem(failedWith(error).message);
    }
    await reload();
  };
  const remove = async ({ user }: MemberPartsFragment): Promise<string | null> => {
    try {
      const { removeMember } = await send(RemoveMemberDocument, { input: { teamId: props.id, userId: user.id } });
      if (removeMember.__typename !== 'RemoveMemberPayload') return removeMember.message;
      if (user.id === viewer.id) location.assign('/settings/tokens');
      else await reload();
      announce(`${user.name} is not in the team any more`);
      return null;
    } catch (error) {
      return failedWith(error).message;
    }
  };

  return (
    <SettingsFrame
      title={team()?.name ?? 'Team'}
      state={state()}
      onRetry={() => void reload()}
      actions={
        <Show when={manages()}>
          <button type="button" class="button primary" onClick={() => setAdding(true)}>
            <Icon name="plus" />
            Add a person
          </button>
        </Show>
      }
    >
      <div class="settings">
        <SettingsSection
          title="Members"
          lead="Viewers look on. Members create runs and write to them. Admins also say who is in the team, and read its audit log."
        >
          <Show when={problem()}>
            <p class="problem" role="alert">
              {problem()}
            </p>
          </Show>
          <ul class="settings-list" aria-label="Members">
            <For each={team()?.members}>
              {(member) => (
                <li class="settings-row">
                  <Avatar name={member.user.name} />
                  <div class="settings-what">
                    <h3>
                      {member.user.name}
                      <Show when={member.user.id === viewer.id}>
                        <span class="dim"> (you)</span>
                      </Show>
                    </h3>
                    <p class="dim">
                      <Show when={member.email}>{member.email}, </Show>
                      since <Time at={member.createdAt} as="day" />
                    </p>
                  </div>
                  <Show when={manages()} fallback={<span class="tag">{roleWords[member.role]}</span>}>
                    <span class="chosen settings-role">
                      <select
                        class="input"
                        aria-label={`Role of ${member.user.name}`}
                        value={member.role}
                        onChange={(event) => void changeRole(member, event.currentTarget.value as Role)}
                      >
                        <For each={roles}>{(role) => <option value={role}>{roleWords[role]}</option>}</For>
                      </select>
                      <Icon name="down" />
                    </span>
                  </Show>
                  <Show when={manages() || member.user.id === viewer.id}>
                    <button
                      type="button"
                      class="button"
                      aria-label={member.user.id === viewer.id ? 'Leave the team' : `Remove ${member.user.name}`}
                      onClick={() => setRemoving(member)}
                    >
                      {member.user.id === viewer.id ? 'Leave' : 'Remove'}
                    </button>
                  </Show>
                </li>
              )}
            </For>
          </ul>
        </SettingsSection>
        <TeamUpkeep teamId={props.id} manages={manages()} />
      </div>
      <Show when={adding()}>
        <Dialog label="Add a person" onClose={() => setAdding(false)}>
          <AddMember teamId={props.id} onAdded={() => void reload()} onClose={() => setAdding(false)} />
        </Dialog>
      </Show>
      <Show when={removing()}>
        {(member) => (
          <Confirm
            title={member().user.id === viewer.id ? 'Leave the team?' : `Remove ${member().user.name}?`}
            action={member().user.id === viewer.id ? 'Leave' : 'Remove'}
            onConfirm={() => remove(member())}
            onClose={() => setRemoving(null)}
          >
            The team’s runs and environments are out of sight at once. Runs they created stay with the team.
          </Confirm>
        )}
      </Show>
    </SettingsFrame>
  );
}
