/**
 * Ids are TypeIDs (https://github.com/jetify-com/typeid): a prefix that names the kind, and a UUIDv7 in
 * 26 characters of Crockford base32, so that they sort by the time they were made and never collide
 * between kinds. They are parsed at the edges only; inside they are branded strings.
 */
declare const brand: unique symbol;
type Id<P extends string> = string & { readonly [brand]: P };

export type RunId = Id<'run'>;
export type SessionId = Id<'ses'>;
export type MessageId = Id<'msg'>;
export type PromptId = Id<'prm'>;
export type SnapshotId = Id<'snp'>;
export type EnvironmentId = Id<'env'>;
export type TeamId = Id<'team'>;
export type UserId = Id<'usr'>;
export type TokenId = Id<'tok'>;

/** Which kind of thing each prefix names. The names are the GraphQL type names. */
export const idKinds = {
  run: 'Run',
  ses: 'Session',
  msg: 'Message',
  prm: 'Prompt',
  snp: 'Snapshot',
  env: 'Environment',
  team: 'Team',
  usr: 'User',
  tok: 'ApiToken',
  aud: 'AuditEntry',
} as const;

export type IdPrefix = keyof typeof idKinds;

const pattern = /^([a-z]{3,4})_([0-7][0-9a-hjkmnp-tv-z]{25})$/;

/** The prefix of a well-formed id of any kind, or null when the text is not an id of ours. */
export function idPrefix(text: string): IdPrefix | null {
  const prefix = pattern.exec(text)?.[1];
  return prefix !== undefined && Object.hasOwn(idKinds, prefix) ? (prefix as IdPrefix) : null;
}

/** Reads an id of one kind from outside; null when it is malformed or of another kind. */
export function parseId<P extends IdPrefix>(prefix: P, text: string): Id<P> | null {
  return idPrefix(text) === prefix ? (text as Id<P>) : null;
}

/**
 * The Temporal Workflow Id of a run: `run-<id>`, stable over all its executions.
 * An operator turns one into the other by swapping `_` and `-`.
 */
export function runWorkflowId(runId: RunId): string {
  return runId.replace('_', '-');
}

/** The Workflow Id of a run's session: `run-<id>-session-<ordinal>`. */
export function sessionWorkflowId(runId: RunId, ordinal: number): string {
  return `${runWorkflowId(runId)}-session-${ordinal}`;
}

/** The run that a run's or a session's Workflow Id belongs to, or null when it is neither. */
export function runIdOfWorkflow(workflowId: string): RunId | null {
  const match = /^run-([0-9a-z]{26})(?:-session-\d+)?$/.exec(workflowId);
  return match ? parseId('run', `run_${match[1]}`) : null;
}
