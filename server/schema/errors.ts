import type { Actor } from '../../domain/actor.ts';
import type { PromptId, RunId, SnapshotId } from '../../domain/ids.ts';
import type { QuotaKind } from '../../domain/quota.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { MessageState } from '../../domain/states.ts';
import { assertNever } from '../../domain/assertNever.ts';
import { ApiError, ForbiddenError } from './apiError.ts';
import { builder } from './builder.ts';
import { MessageStateEnum, NotContinuableReasonEnum, QuotaKindEnum } from './enums.ts';
import { ActorRef } from './values.ts';

const ErrorInterface = builder.interfaceRef<ApiError>('Error').implement({
  description: 'An expected failure.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What happened and what to try, for people.' }),
    code: t.exposeString('code', { description: 'A stable word for programs.' }),
  }),
});

export class NotFoundError extends ApiError {
  readonly code = 'NOT_FOUND';
  readonly id: string;
  constructor(what: string, id: string) {
    super(`There is no ${what} ${id}, or it belongs to a team you are not in.`);
    this.id = id;
  }
}
export class InvalidInputError extends ApiError {
  readonly code = 'INVALID_INPUT';
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}
export class IdempotencyConflictError extends ApiError {
  readonly code = 'IDEMPOTENCY_CONFLICT';
  readonly clientKey: string;
  constructor(clientKey: string, message: string) {
    super(message);
    this.clientKey = clientKey;
  }
}
export class RunBlockedError extends ApiError {
  readonly code = 'RUN_BLOCKED';
  readonly promptId: PromptId;
  constructor(promptId: PromptId, message: string) {
    super(message);
    this.promptId = promptId;
  }
}
export class RunNotContinuableError extends ApiError {
  readonly code = 'RUN_NOT_CONTINUABLE';
  readonly reason: Extract<Refusal, { kind: 'RUN_NOT_CONTINUABLE' }>['reason'];
  constructor(reason: RunNotContinuableError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
export class RunNotLiveError extends ApiError {
  readonly code = 'RUN_NOT_LIVE';
}
export class QuotaExceededError extends ApiError {
  readonly code = 'QUOTA_EXCEEDED';
  readonly quota: QuotaKind;
  readonly used: number;
  readonly limit: number;
  constructor({ quota, used, limit, message }: Extract<Refusal, { kind: 'QUOTA_EXCEEDED' }>) {
    super(message);
    this.quota = quota;
    this.used = used;
    this.limit = limit;
  }
}
export class LastAdminError extends ApiError {
  readonly code = 'LAST_ADMIN';
}
export class RunActiveError extends ApiError {
  readonly code = 'RUN_ACTIVE';
}
export class SnapshotUnreadableError extends ApiError {
  readonly code = 'SNAPSHOT_UNREADABLE';
  readonly runId: RunId;
  constructor(runId: RunId, message: string) {
    super(message);
    this.runId = runId;
  }
}
export class SnapshotGoneError extends ApiError {
  readonly code = 'SNAPSHOT_GONE';
  readonly snapshotId: SnapshotId;
  constructor(snapshotId: SnapshotId, message: string) {
    super(message);
    this.snapshotId = snapshotId;
  }
}
export class DifferenceTooLargeError extends ApiError {
  readonly code = 'DIFFERENCE_TOO_LARGE';
}
export class EventNotRedactableError extends ApiError {
  readonly code = 'EVENT_NOT_REDACTABLE';
}
export class MessageNotPendingError extends ApiError {
  readonly code = 'MESSAGE_NOT_PENDING';
  readonly state: MessageState;
  constructor(state: MessageState, message: string) {
    super(message);
    this.state = state;
  }
}
export class PromptNotOpenError extends ApiError {
  readonly code = 'PROMPT_NOT_OPEN';
  readonly answeredBy: Actor | null;
  constructor(answeredBy: Actor | null, message: string) {
    super(message);
    this.answeredBy = answeredBy;
  }
}
export class CursorNotServableError extends ApiError {
  readonly code = 'CURSOR_NOT_SERVABLE';
  readonly after: number;
  readonly lastSeq: number;
  constructor(after: number, lastSeq: number, message: string) {
    super(message);
    this.after = after;
    this.lastSeq = lastSeq;
  }
}

/** A refusal of admission as the error that a client gets. */
export function errorOf(refusal: Refusal): ApiError {
  switch (refusal.kind) {
    case 'FORBIDDEN':
      return new ForbiddenError(refusal.message);
    case 'INVALID_INPUT':
      return new InvalidInputError(refusal.field, refusal.message);
    case 'RUN_BLOCKED':
      return new RunBlockedError(refusal.promptId, refusal.message);
    case 'RUN_NOT_CONTINUABLE':
      return new RunNotContinuableError(refusal.reason, refusal.message);
    case 'RUN_NOT_LIVE':
      return new RunNotLiveError(refusal.message);
    case 'QUOTA_EXCEEDED':
      return new QuotaExceededError(refusal);
    case 'LAST_ADMIN':
      return new LastAdminError(refusal.message);
    case 'RUN_ACTIVE':
      return new RunActiveError(refusal.message);
    case 'EVENT_NOT_REDACTABLE':
      return new EventNotRedactableError(refusal.message);
    case 'MESSAGE_NOT_PENDING':
      return new MessageNotPendingError(refusal.state, refusal.message);
    case 'PROMPT_NOT_OPEN':
      return new PromptNotOpenError(refusal.answeredBy, refusal.message);
    default:
      return assertNever(refusal, 'refusal');
  }
}

const interfaces = [ErrorInterface];

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'There is no such thing, or the viewer may not see it.',
  interfaces,
  fields: (t) => ({ id: t.exposeString('id', { description: 'The id that was asked for.' }) }),
});
builder.objectType(ForbiddenError, {
  name: 'ForbiddenError',
  description: 'The viewer may see it, but not do this.',
  interfaces,
});
builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description: 'An input that cannot be accepted.',
  interfaces,
  fields: (t) => ({ field: t.exposeString('field', { description: 'Which field of the input.' }) }),
});
builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflictError',
  description: 'The client key was used before with another body.',
  interfaces,
  fields: (t) => ({ clientKey: t.exposeString('clientKey', { description: 'The key.' }) }),
});
builder.objectType(RunBlockedError, {
  name: 'RunBlockedError',
  description: 'The run’s agent waits for an answer; answer its prompt instead.',
  interfaces,
  fields: (t) => ({
    prompt: t.prismaField({
      type: 'Prompt',
      description: 'The prompt to answer.',
      resolve: (query, error, _args, { database }) =>
        database.prompt.findUniqueOrThrow({ ...query, where: { id: error.promptId } }),
    }),
  }),
});
builder.objectType(RunNotContinuableError, {
  name: 'RunNotContinuableError',
  description: 'The run cannot be continued as asked.',
  interfaces,
  fields: (t) => ({ reason: t.expose('reason', { type: NotContinuableReasonEnum, description: 'Why.' }) }),
});
builder.objectType(RunNotLiveError, {
  name: 'RunNotLiveError',
  description: 'Nothing of the run is live that this could act on.',
  interfaces,
});
builder.objectType(QuotaExceededError, {
  name: 'QuotaExceededError',
  description: 'The team has as much as it may have.',
  interfaces,
  fields: (t) => ({
    quota: t.expose('quota', { type: QuotaKindEnum, description: 'Of what.' }),
    used: t.exposeFloat('used', { description: 'How much it has.' }),
    limit: t.exposeFloat('limit', { description: 'How much it may have.' }),
  }),
});
builder.objectType(LastAdminError, {
  name: 'LastAdminError',
  description: 'A team always has an admin; this is its last.',
  interfaces,
});
builder.objectType(RunActiveError, {
  name: 'RunActiveError',
  description: 'The run has not ended: cancel it first.',
  interfaces,
});
builder.objectType(SnapshotUnreadableError, {
  name: 'SnapshotUnreadableError',
  description: 'A snapshot is damaged, so that nobody can tell which blobs it needs.',
  interfaces,
  fields: (t) => ({ runId: t.exposeID('runId', { description: 'The run that it is of.' }) }),
});
builder.objectType(SnapshotGoneError, {
  name: 'SnapshotGoneError',
  description: 'What a snapshot holds can no longer be read.',
  interfaces,
  fields: (t) => ({ snapshotId: t.exposeID('snapshotId', { description: 'The snapshot.' }) }),
});
builder.objectType(DifferenceTooLargeError, {
  name: 'DifferenceTooLargeError',
  description: 'Snapshots with too many entries to be compared by the gateway.',
  interfaces,
});
builder.objectType(EventNotRedactableError, {
  name: 'EventNotRedactableError',
  description: 'The event has no content to take away, or not yet.',
  interfaces,
});
builder.objectType(MessageNotPendingError, {
  name: 'MessageNotPendingError',
  description: 'The message no longer waits.',
  interfaces,
  fields: (t) => ({ state: t.expose('state', { type: MessageStateEnum, description: 'What became of it.' }) }),
});
builder.objectType(PromptNotOpenError, {
  name: 'PromptNotOpenError',
  description: 'The prompt was answered already, or can no longer be.',
  interfaces,
  fields: (t) => ({ answeredBy: t.expose('answeredBy', { type: ActorRef, nullable: true, description: 'Who was first.' }) }),
});
builder.objectType(CursorNotServableError, {
  name: 'CursorNotServableError',
  description: 'The log cannot be read from this cursor: load the run again from the start.',
  interfaces,
  fields: (t) => ({
    after: t.exposeInt('after', { description: 'The cursor that was asked for.' }),
    lastSeq: t.exposeInt('lastSeq', { description: 'The sequence number of the newest event.' }),
  }),
});
