import type { EventType, RunEvent } from './events.ts';
import type { Failure } from './failure.ts';
import type { FileChange } from './snapshot.ts';

export type MaskText = (text: string) => string;

type EventOf<T extends EventType> = Extract<RunEvent, { type: T }>;

const asItIs = <E extends RunEvent>(event: E): E => event;
const failed = <F extends Failure | null>(failure: F, mask: MaskText): F =>
  failure && { ...failure, message: mask(failure.message) };
const change = (file: FileChange, mask: MaskText): FileChange => ({
  ...file,
  path: mask(file.path),
  oldPath: file.oldPath === null ? null : mask(file.oldPath),
});

/**
 * The texts of each event that a session can fill. Total: an event without a line does not compile. Ids, states and what
 * people wrote stay as they are.
 */
const rules: { readonly [T in EventType]: (event: EventOf<T>, mask: MaskText) => EventOf<T> } = {
  'run.created': asItIs,
  'run.state': (event, mask) => ({ ...event, failure: failed(event.failure, mask) }),
  'run.waiting': (event, mask) => ({ ...event, detail: event.detail && mask(event.detail) }),
  'run.cancelRequested': asItIs,
  'run.continued': asItIs,
  'message.added': asItIs,
  'message.delivered': asItIs,
  'message.returned': (event, mask) => ({ ...event, reason: mask(event.reason) }),
  'message.withdrawn': asItIs,
  'session.opened': asItIs,
  'session.state': (event, mask) => ({ ...event, failure: failed(event.failure, mask) }),
  'session.waiting': (event, mask) => ({ ...event, detail: event.detail && mask(event.detail) }),
  'session.failed': (event, mask) => ({ ...event, failure: failed(event.failure, mask) }),
  'session.endRequested': asItIs,
  // What the environment names.
  'workspace.opened': asItIs,
  'workspace.restored': (event, mask) => ({
    ...event,
    report: {
      ...event.report,
      entries: event.report.entries.map((entry) => ({
        ...entry,
        path: entry.path && mask(entry.path),
        detail: mask(entry.detail),
      })),
    },
  }),
  'snapshot.captured': (event, mask) => ({
    ...event,
    summary: {
      ...event.summary,
      repositories: event.summary.repositories.map((at) => ({ ...at, branch: at.branch && mask(at.branch) })),
      changes: event.summary.changes.map((file) => change(file, mask)),
      gaps: event.summary.gaps.map((gap) => ({ ...gap, path: mask(gap.path), detail: mask(gap.detail) })),
    },
  }),
  'snapshot.failed': (event, mask) => ({ ...event, failure: failed(event.failure, mask) }),
  'branch.pushed': asItIs,
  'branch.notPushed': (event, mask) => ({ ...event, detail: mask(event.detail) }),
  notice: (event, mask) => ({ ...event, message: mask(event.message) }),
  'turn.started': asItIs,
  'turn.ended': (event, mask) => ({ ...event, failure: failed(event.failure, mask) }),
  'turn.rolledBack': asItIs,
  'turn.interruptRequested': asItIs,
  'item.started': (event, mask) => ({
    ...event,
    title: mask(event.title),
    ...(event.input !== undefined && { input: mask(event.input) }),
  }),
  'item.chunk': (event, mask) => ({ ...event, text: mask(event.text) }),
  'item.diff': (event, mask) => ({
    ...event,
    path: mask(event.path),
    oldText: event.oldText && mask(event.oldText),
    newText: event.newText && mask(event.newText),
  }),
  'item.ended': asItIs,
  'plan.updated': (event, mask) => ({
    ...event,
    entries: event.entries.map((entry) => ({ ...entry, content: mask(entry.content) })),
  }),
  // Ids and versions.
  'conversation.opened': asItIs,
  'files.changed': (event, mask) => ({ ...event, files: event.files.map((file) => change(file, mask)) }),
  'prompt.opened': (event, mask) => ({
    ...event,
    question: mask(event.question),
    options: event.options.map((option) => ({ ...option, label: mask(option.label) })),
  }),
  'prompt.answered': asItIs,
  'prompt.delivered': asItIs,
  'prompt.closed': asItIs,
  'event.redacted': asItIs,
  'transcript.deleted': asItIs,
  'snapshots.deleted': asItIs,
};

/** The event with its texts masked. */
export function maskEvent<E extends RunEvent>(event: E, mask: MaskText): E {
  const rule = rules[event.type] as (event: RunEvent, mask: MaskText) => RunEvent;
  return rule(event, mask) as E;
}
