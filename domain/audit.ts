/** What the audit log of a team tells of. */
export const auditActions = [
  'RUN_CREATED',
  'RUN_FOLLOWED_UP',
  'RUN_CONTINUED',
  'RUN_CANCELED',
  'MESSAGE_WITHDRAWN',
  'PROMPT_ANSWERED',
  'SESSION_ENDED',
  'TURN_INTERRUPTED',
  'ENVIRONMENT_CREATED',
  'TEAM_CREATED',
  'MEMBER_ADDED',
  'MEMBER_REMOVED',
  'ROLE_CHANGED',
  'TOKEN_CREATED',
  'TOKEN_REVOKED',
  'SIGN_IN_LINK_CREATED',
  'SIGNED_IN',
  'SIGNED_OUT',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** Each action as a sentence goes on after the actor's name; the target's name follows. */
export const auditWords: Record<AuditAction, string> = {
  RUN_CREATED: 'created the run',
  RUN_FOLLOWED_UP: 'sent a message to the run',
  RUN_CONTINUED: 'continued the run',
  RUN_CANCELED: 'canceled the run',
  MESSAGE_WITHDRAWN: 'took back a message to the run',
  PROMPT_ANSWERED: 'answered a prompt of the run',
  SESSION_ENDED: 'ended the session of the run',
  TURN_INTERRUPTED: 'interrupted the run',
  ENVIRONMENT_CREATED: 'created the environment',
  TEAM_CREATED: 'created the team',
  MEMBER_ADDED: 'added the member',
  MEMBER_REMOVED: 'removed the member',
  ROLE_CHANGED: 'changed the role of',
  TOKEN_CREATED: 'created the API token',
  TOKEN_REVOKED: 'revoked the API token',
  SIGN_IN_LINK_CREATED: 'made a sign-in link for',
  SIGNED_IN: 'signed in as',
  SIGNED_OUT: 'signed out as',
};
