import { parseId, type TeamId, type UserId } from '../../../domain/ids.ts';
import { addMember, changeRole, createTeam, removeMember, type OfMember } from '../../../journal/teams.ts';
import { inviteLink, type SignInLink } from '../../auth/signIn.ts';
import { actingAs, joined, maySee } from '../../auth/viewer.ts';
import { ForbiddenError } from '../apiError.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { RoleEnum } from '../enums.ts';
import { IdempotencyConflictError, InvalidInputError, LastAdminError, NotFoundError } from '../errors.ts';
import { admittedOr, clientKeyOf, nameOf } from './admitted.ts';
import { SignInLinkRef } from './payloads.ts';

const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
/** Something, an @, a domain; whether mail gets there is not ours to say. */
const emailPattern = /^[^\s@,<>"\u0000]{1,64}@[^\s@,<>"\u0000]{1,255}$/;

const CreateTeamPayload = builder.objectRef<{ teamId: TeamId }>('CreateTeamPayload').implement({
  description: 'The team was created, with the viewer as its admin.',
  fields: (t) => ({
    team: t.prismaField({
      type: 'Team',
      description: 'The team.',
      resolve: (query, { teamId }, _args, { database }) => database.team.findUniqueOrThrow({ ...query, where: { id: teamId } }),
    }),
  }),
});

const CreateTeamInput = builder.inputType('CreateTeamInput', {
  description: 'A new team.',
  fields: (t) => ({
    clientKey: t.string({ required: true, description: 'Idempotent per person.' }),
    name: t.string({ required: true, description: 'Its name.' }),
    slug: t.string({
      description: 'Its short name, in addresses and in Temporal: small letters, digits and -. Default: made from the name.',
    }),
  }),
});

builder.mutationField('createTeam', (t) =>
  t.field({
    authScopes: { scope: 'TEAM' },
    type: CreateTeamPayload,
    description: 'Creates a team; the viewer is its first admin.',
    errors: {
      types: [ForbiddenError, InvalidInputError, IdempotencyConflictError],
      union: { name: 'CreateTeamResult', description: 'What createTeam comes to.' },
    },
    args: { input: t.arg({ type: CreateTeamInput, required: true, description: 'The team.' }) },
    resolve: async (_root, { input }, context) => {
      const clientKey = clientKeyOf(context, input.clientKey);
      const name = nameOf('name', 'A team’s name', input.name);
      const slug = input.slug?.trim() || slugOf(name);
      if (!slugPattern.test(slug))
        throw new InvalidInputError(
          'slug',
          'A short name has 1 to 40 small letters, digits and -, and neither begins nor ends with -.',
        );
      const { value } = await admittedOr(createTeam(context.journal, actingAs(context.viewer), clientKey, { name, slug }));
      joined(context.viewer, value.teamId, 'ADMIN');
      return value;
    },
  }),
);

const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');

interface Member {
  readonly teamId: TeamId;
  readonly userId: UserId;
}

const memberPayload = <T extends Member>(name: string, description: string) =>
  builder.objectRef<T>(name).implement({
    description,
    fields: (t) => ({
      membership: t.prismaField({
        type: 'Membership',
        description: 'Their place in the team.',
        resolve: (query, { teamId, userId }, _args, { database }) =>
          database.membership.findUniqueOrThrow({ ...query, where: { userId_teamId: { userId, teamId } } }),
      }),
    }),
  });

const AddMemberPayload = memberPayload<Member & { link: SignInLink | null }>('AddMemberPayload', 'The person is in the team.');
builder.objectField(AddMemberPayload, 'signInLink', (t) =>
  t.field({
    type: SignInLinkRef,
    nullable: true,
    description: 'To hand to a person who was not known before; null where people sign in by themselves.',
    resolve: ({ link }) => link,
  }),
);

const AddMemberInput = builder.inputType('AddMemberInput', {
  description: 'A person to add to a team.',
  fields: (t) => ({
    clientKey: t.string({ required: true, description: 'Idempotent per person.' }),
    teamId: t.id({ required: true, description: 'The team.' }),
    email: t.string({ required: true, description: 'Their address.' }),
    name: t.string({ description: 'What to call someone who is not known yet. Default: by their address.' }),
    role: t.field({ type: RoleEnum, required: true, defaultValue: 'MEMBER', description: 'What they may do.' }),
  }),
});

builder.mutationField('addMember', (t) =>
  t.field({
    authScopes: { scope: 'TEAM' },
    type: AddMemberPayload,
    description: 'Adds a person to a team. For its admins.',
    errors: {
      types: [NotFoundError, ForbiddenError, InvalidInputError, IdempotencyConflictError],
      union: { name: 'AddMemberResult', description: 'What addMember comes to.' },
    },
    args: { input: t.arg({ type: AddMemberInput, required: true, description: 'Who, and to which team.' }) },
    resolve: async (_root, { input }, context) => {
      const { journal, viewer } = context;
      const clientKey = clientKeyOf(context, input.clientKey);
      const teamId = requireTeam(context, input.teamId);
      const email = input.email.trim().toLowerCase();
      if (!emailPattern.test(email))
        throw new InvalidInputError('email', `${JSON.stringify(input.email.slice(0, 80))} is not an address.`);
      const name = nameOf('name', 'A person’s name', input.name?.trim() || (email.split('@')[0] ?? ''));
      const { value } = await admittedOr(
        addMember(journal, actingAs(viewer), clientKey, { teamId, email, name, role: input.role }),
      );
      const { userId, made } = value;
      return { teamId, userId, link: made ? await inviteLink(context, { id: userId, name }) : null };
    },
  }),
);

const ChangeRolePayload = memberPayload('ChangeRolePayload', 'The member has the role.');

const ChangeRoleInput = builder.inputType('ChangeRoleInput', {
  description: 'A role for a member.',
  fields: (t) => ({
    teamId: t.id({ required: true, description: 'The team.' }),
    userId: t.id({ required: true, description: 'The member.' }),
    role: t.field({ type: RoleEnum, required: true, description: 'What they may do.' }),
  }),
});

const memberErrors = [NotFoundError, ForbiddenError, LastAdminError];

builder.mutationField('changeRole', (t) =>
  t.field({
    authScopes: { scope: 'TEAM' },
    type: ChangeRolePayload,
    description: 'Gives a member another role, at once. For admins; the last one keeps theirs.',
    errors: { types: memberErrors, union: { name: 'ChangeRoleResult', description: 'What changeRole comes to.' } },
    args: { input: t.arg({ type: ChangeRoleInput, required: true, description: 'Who, and which role.' }) },
    resolve: async (_root, { input }, context) => {
      const member = requireMember(context, input);
      const { value } = await admittedOr(changeRole(context.journal, actingAs(context.viewer), member, input.role));
      if (!value) throw new NotFoundError('member', input.userId);
      return member;
    },
  }),
);

const RemoveMemberPayload = builder.objectRef<Member>('RemoveMemberPayload').implement({
  description: 'The person is in the team no more.',
  fields: (t) => ({
    teamId: t.exposeID('teamId', { description: 'The team.' }),
    userId: t.exposeID('userId', { description: 'Who was taken out, or left.' }),
  }),
});

const RemoveMemberInput = builder.inputType('RemoveMemberInput', {
  description: 'A member to take out of a team.',
  fields: (t) => ({
    teamId: t.id({ required: true, description: 'The team.' }),
    userId: t.id({ required: true, description: 'The member; the viewer’s own id: they leave.' }),
  }),
});

builder.mutationField('removeMember', (t) =>
  t.field({
    authScopes: { scope: 'TEAM' },
    type: RemoveMemberPayload,
    description: 'Takes a member out of a team, at once: for admins. Everyone may leave, but for the last admin.',
    errors: { types: memberErrors, union: { name: 'RemoveMemberResult', description: 'What removeMember comes to.' } },
    args: { input: t.arg({ type: RemoveMemberInput, required: true, description: 'Who, and from which team.' }) },
    resolve: async (_root, { input }, context) => {
      const member = requireMember(context, input);
      const { value } = await admittedOr(removeMember(context.journal, actingAs(context.viewer), member));
      if (!value) throw new NotFoundError('member', input.userId);
      return member;
    },
  }),
);

function requireTeam({ viewer }: Context, id: string): TeamId {
  const teamId = parseId('team', id);
  if (!teamId || !maySee(viewer, teamId)) throw new NotFoundError('team', id);
  return teamId;
}

function requireMember(context: Context, input: { teamId: string; userId: string }): OfMember {
  const teamId = requireTeam(context, input.teamId);
  const userId = parseId('usr', input.userId);
  if (!userId) throw new NotFoundError('member', input.userId);
  return { teamId, userId, askedBy: context.viewer.userId };
}
