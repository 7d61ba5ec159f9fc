import {
  refuseAnswer,
  refuseCancel,
  refuseContinue,
  refuseDelete,
  refuseEndSession,
  refuseFollowUp,
  refuseFork,
  refuseInterrupt,
  refuseRedact,
  type RunToAdmit,
} from '../../domain/admission.ts';
import type { Person } from '../../domain/person.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { builder } from './builder.ts';

const PermissionRef = builder.objectRef<{ readonly refusal: Refusal | null }>('Permission').implement({
  description: 'Whether the viewer may do something now.',
  fields: (t) => ({
    allowed: t.boolean({ description: 'Whether the mutation would be accepted.', resolve: ({ refusal }) => refusal === null }),
    reason: t.string({
      nullable: true,
      description: 'Why not, for people; null when allowed.',
      resolve: ({ refusal }) => refusal?.message ?? null,
    }),
    code: t.string({
      nullable: true,
      description: 'Why not, for programs; null when allowed.',
      resolve: ({ refusal }) => refusal?.kind ?? null,
    }),
  }),
});

/** A run and who asks: what permissions are decided on. */
export interface Asked {
  readonly run: RunToAdmit;
  readonly person: Person;
}

/** Each permission is the very function that admission decides by. */
const permissions = {
  followUp: [refuseFollowUp, 'Send a message.'],
  continue: [refuseContinue, 'Continue the ended run with choices.'],
  cancel: [refuseCancel, 'Cancel the run.'],
  answer: [refuseAnswer, 'Answer the open prompt.'],
  fork: [refuseFork, 'Take the run’s workspace into a checkout.'],
  endSession: [refuseEndSession, 'End the live session.'],
  interrupt: [refuseInterrupt, 'Interrupt the turn in flight.'],
  redact: [refuseRedact, 'Take the content of events away.'],
  delete: [refuseDelete, 'Delete the run.'],
} as const;

export const RunPermissionsRef = builder.objectRef<Asked>('RunPermissions').implement({
  description: 'What the viewer may do with a run now, with the reason where not.',
  fields: (t) => {
    const permission = ([refuse, description]: (typeof permissions)[keyof typeof permissions]) =>
      t.field({ type: PermissionRef, description, resolve: ({ run, person }) => ({ refusal: refuse(run, person) }) });
    return {
      followUp: permission(permissions.followUp),
      continue: permission(permissions.continue),
      cancel: permission(permissions.cancel),
      answer: permission(permissions.answer),
      fork: permission(permissions.fork),
      endSession: permission(permissions.endSession),
      interrupt: permission(permissions.interrupt),
      redact: permission(permissions.redact),
      delete: permission(permissions.delete),
    };
  },
});
