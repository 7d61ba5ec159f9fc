import { auditActions } from '../../domain/audit.ts';
import { secretPolicies } from '../../domain/declaration.ts';
import { chunkStreams, itemKinds, noticeCodes, pushProblems, turnReasons } from '../../domain/events.ts';
import { durablePromptsKinds, harnessKinds } from '../../domain/harness.ts';
import { quotaKinds } from '../../domain/quota.ts';
import { roles, tokenScopes } from '../../domain/person.ts';
import { secretUses } from '../../domain/secret.ts';
import { promptKinds, promptStates } from '../../domain/prompt.ts';
import { restoreStatuses, restoreSubjects, snapshotKinds, type ConflictWay, type NewerBase } from '../../domain/snapshot.ts';
import {
  messageStates,
  runOrigins,
  runStates,
  sessionCauses,
  sessionOutcomes,
  sessionStates,
  waits,
} from '../../domain/states.ts';
import { permissionModes } from '../../domain/permissions.ts';
import { planStatuses, toolKinds } from '../../domain/toolCall.ts';
import { builder } from './builder.ts';

export const RunStateEnum = builder.enumType('RunState', {
  description: 'The state of a run. SUCCEEDED, FAILED and CANCELED are ends; a follow-up queues an ended run again.',
  values: runStates,
});
export const SessionStateEnum = builder.enumType('SessionState', {
  description:
    'The state of a session: QUEUED → PROVISIONING → RESTORING → RUNNING ⇄ IDLE, RUNNING ⇄ BLOCKED → SNAPSHOTTING → ENDED.',
  values: sessionStates,
});
export const SessionOutcomeEnum = builder.enumType('SessionOutcome', {
  description: 'How a session ended. PARKED: it waits for a person without a machine. LOST: its worker was lost.',
  values: sessionOutcomes,
});
export const SessionCauseEnum = builder.enumType('SessionCause', {
  description: 'Why a session was opened.',
  values: sessionCauses,
});
export const RunOriginEnum = builder.enumType('RunOrigin', { description: 'Where a run came from.', values: runOrigins });
export const HarnessKindEnum = builder.enumType('HarnessKind', {
  description:
    'The kind of agent. SCRIPT: each message is run as a shell script. BUILT_IN: Baton’s own agent, on the model that the workers have. CLAUDE_CODE: Anthropic’s Claude Code.',
  values: harnessKinds,
});
export const SecretFilesEnum = builder.enumType('SecretFiles', {
  description:
    'What becomes of files that look like secrets. INCLUDE: captured, and not looked for. WARN: captured and named. EXCLUDE: left out and named, but for what is in a commit.',
  values: secretPolicies,
});
export const DurablePromptsEnum = builder.enumType('DurablePrompts', {
  description:
    'Whether an agent’s question can outlive its session. NATIVE: it goes on with the answer in the next one. REASK: it asks again there. NONE: the session stays for it.',
  values: durablePromptsKinds,
});
export const PermissionModeEnum = builder.enumType('PermissionMode', {
  description:
    'What agents that ask for permission may do without. ASK: every command is asked for. ALLOW_LIST: but for those that begin as one of a list does. ALLOW_ALL: nothing is asked.',
  values: permissionModes,
});
export const ToolKindEnum = builder.enumType('ToolKind', {
  description: 'What a tool does, in the words of the Agent Client Protocol.',
  values: toolKinds,
});
export const PlanStatusEnum = builder.enumType('PlanStatus', {
  description: 'How far an agent is with a step of its plan.',
  values: planStatuses,
});
export const WaitEnum = builder.enumType('Wait', { description: 'What a run or session waits for.', values: waits });
export const MessageStateEnum = builder.enumType('MessageState', {
  description: 'The state of a message. RETURNED: it did not reach an agent, and its text belongs to its author again.',
  values: messageStates,
});
export const RoleEnum = builder.enumType('Role', { description: 'What a member may do in a team.', values: roles });
export const TokenScopeEnum = builder.enumType('TokenScope', {
  description:
    'What an API token may be used for, within what its owner may do. READ: what can be seen; part of every token. RUNS: create runs and write to them. ENVIRONMENTS: create environments and set their secrets. TEAM: manage teams, read their audit log. ACCOUNT: list, create and revoke tokens.',
  values: tokenScopes,
});
export const SecretUseEnum = builder.enumType('SecretUse', {
  description:
    'What a secret is for. AGENT_VARIABLE: a variable of setup commands and agents. GIT_HTTPS_TOKEN, GIT_SSH_KEY: what the worker’s git shows to a host of repositories; agents do not get it.',
  values: secretUses,
});
export const AuditActionEnum = builder.enumType('AuditAction', {
  description: 'What the audit log of a team tells of.',
  values: auditActions,
});
export const ViaKindEnum = builder.enumType('ViaKind', {
  description: 'By what someone was let in: the sign-in of a browser, or an API token.',
  values: ['SIGN_IN', 'TOKEN'] as const,
});
export const QuotaKindEnum = builder.enumType('QuotaKind', {
  description: 'What a team may have only so much of. RUNNING_SESSIONS: runs that are queued or in progress.',
  values: quotaKinds,
});
export const FailureOriginEnum = builder.enumType('FailureOrigin', {
  description: 'Whose a failure is to mend: the user’s (repository, script, input) or the platform’s.',
  values: ['USER', 'PLATFORM'] as const,
});
export const ActorKindEnum = builder.enumType('ActorKind', {
  description: 'Who caused something: a person through the API, an operator through Temporal, or Baton itself.',
  values: ['USER', 'OPERATOR', 'PLATFORM'] as const,
});
export const PromptKindEnum = builder.enumType('PromptKind', { description: 'What an agent asks for.', values: promptKinds });
export const PromptStateEnum = builder.enumType('PromptState', { description: 'The state of a prompt.', values: promptStates });
export const SnapshotKindEnum = builder.enumType('SnapshotKind', {
  description: 'CHECKPOINT: after a turn. FINAL: at the session’s end, when nothing of it runs any more.',
  values: snapshotKinds,
});
export const ChangeStatusEnum = builder.enumType('ChangeStatus', {
  description: 'What became of a file.',
  values: ['ADDED', 'MODIFIED', 'DELETED', 'RENAMED', 'TYPE_CHANGED'] as const,
});
export const CaptureGapStatusEnum = builder.enumType('CaptureGapStatus', {
  description: 'Whether an entry was left out on purpose or could not be captured.',
  values: ['SKIPPED', 'FAILED'] as const,
});
export const RestoreStatusEnum = builder.enumType('RestoreStatus', {
  description: 'How one entry of a snapshot fared.',
  values: restoreStatuses,
});
export const RestoreSubjectEnum = builder.enumType('RestoreSubject', {
  description: 'What a line of a restore report speaks of.',
  values: restoreSubjects,
});
export const RestoreChoiceKindEnum = builder.enumType('RestoreChoiceKind', {
  description: 'Which workspace a person chose to continue with.',
  values: ['LATEST', 'SNAPSHOT', 'NONE'] as const,
});
export const BaseChoiceEnum = builder.enumType('BaseChoice', {
  description: 'Which commit the workspace of before goes on from.',
  values: {
    KEEP: { description: 'The one that it was on: everything is as it was left.' },
    NEWEST: {
      description:
        'The newest commit of the environment’s branch, of each repository: the run’s work is merged with it, file by file. A repository that cannot be moved, such as one with a rebase under way, stays where it was, and the restore report says why.',
    },
  } as const,
});
export const ConflictWayEnum = builder.enumType('ConflictWay', {
  description: 'What becomes of a file that the run and the newer base have both changed in the same place.',
  values: {
    MARKERS: {
      description: 'As git merge leaves it: both versions in the file between conflict markers, and both in the index.',
    },
    BESIDE: { description: 'The base’s version is in place, and the run’s lies beside it under another name.' },
  } satisfies Record<ConflictWay, { description: string }>,
});
export const NewerBaseStateEnum = builder.enumType('NewerBaseState', {
  description: 'How a repository fared where its newest base was asked for.',
  values: {
    MOVED: { description: 'It is on the newest commit.' },
    SAME: { description: 'There is none newer: it is as it was captured.' },
    STAYED: { description: 'It is on the base of before: an entry of the report says why.' },
  } satisfies Record<NewerBase['state'], { description: string }>,
});
export const NoticeLevelEnum = builder.enumType('NoticeLevel', {
  description: 'How much a notice matters.',
  values: ['INFO', 'WARNING'] as const,
});
export const NoticeCodeEnum = builder.enumType('NoticeCode', { description: 'What a notice is about.', values: noticeCodes });
export const TurnReasonEnum = builder.enumType('TurnReason', { description: 'How a turn ended.', values: turnReasons });
export const ItemKindEnum = builder.enumType('ItemKind', {
  description:
    'What an item of the transcript is. COMMAND: a command and its output. SETUP: a setup command of the environment. TOOL: any other call of a tool.',
  values: itemKinds,
});
export const ItemStatusEnum = builder.enumType('ItemStatus', {
  description: 'How an item ended.',
  values: ['OK', 'FAILED', 'CANCELED'] as const,
});
export const ChunkStreamEnum = builder.enumType('ChunkStream', {
  description: 'Where streamed text came from.',
  values: chunkStreams,
});
export const PromptCloseReasonEnum = builder.enumType('PromptCloseReason', {
  description: 'Why a prompt can no longer be answered.',
  values: ['EXPIRED', 'WITHDRAWN'] as const,
});
export const NotContinuableReasonEnum = builder.enumType('NotContinuableReason', {
  description: 'Why a run cannot be continued as asked.',
  values: ['NO_CONVERSATION', 'NOT_ENDED', 'SNAPSHOT_NOT_FOUND', 'NO_SNAPSHOT'] as const,
});
export const ArtifactKindEnum = builder.enumType('ArtifactKind', {
  description: 'What a run has left outside Baton. BRANCH: a branch of a remote.',
  values: ['BRANCH'] as const,
});
export const PushProblemEnum = builder.enumType('PushProblem', {
  description:
    'Why a branch was not pushed. NOT_FAST_FORWARD: the remote’s branch has commits that the run’s has not. REJECTED: a hook or rule of the remote refused it. FORBIDDEN: the remote did not let the worker write. UNREACHABLE: the remote did not answer. TIMED_OUT: it took too long. INVALID_OBJECTS: the commits are damaged or incomplete.',
  values: pushProblems,
});
