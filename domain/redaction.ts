import type { Actor } from './actor.ts';
import type { EventType, RunEvent } from './events.ts';

/** Who took an event's content away, when and why. It stands where the content was; the event keeps its place in the log. */
export interface Redaction {
  readonly actor: Actor;
  /** A moment in ISO 8601. */
  readonly at: string;
  readonly reason: string;
}

/** What stands in place of a title that was taken away. */
export const redactedTitle = 'Redacted';

type Content<T extends EventType> = Partial<Omit<Extract<RunEvent, { type: T }>, 'type'>>;

/**
 * What is left of the fields that people, agents and their programs fill, for each event that has such. Ids, states and
 * counts stay as they are: what follows in the log refers to them.
 */
export const redactedContent = {
  'run.created': { title: redactedTitle },
  'message.added': { text: '', bytes: 0 },
  notice: { message: '' },
  'branch.notPushed': { detail: '' },
  'item.started': { title: '', input: '', inputBytes: 0 },
  'item.chunk': { text: '' },
  // The digest of a short text would give it away.
  'item.ended': { bytes: 0, sha256: '' },
  'item.diff': { path: '', oldText: null, newText: null },
  'plan.updated': { entries: [] },
  'files.changed': { files: [] },
  'snapshot.captured': {
    summary: {
      manifest: { hash: '', bytes: 0 },
      repositories: [],
      changes: [],
      changedFiles: 0,
      patch: null,
      gaps: [],
      gapCount: 0,
      entries: 0,
      bytes: 0,
      storedBytes: 0,
      quiesced: true,
      tookMs: 0,
    },
  },
  'prompt.opened': { question: '', options: [] },
  'prompt.answered': { answer: { optionId: null, text: null } },
} as const satisfies { readonly [T in EventType]?: Content<T> };

export type RedactableType = keyof typeof redactedContent;

/** What goes when a run’s transcript is deleted; its title and its snapshots stay. */
export const transcriptContent: readonly RedactableType[] = [
  'message.added',
  'notice',
  'branch.notPushed',
  'item.started',
  'item.chunk',
  'item.ended',
  'item.diff',
  'plan.updated',
  'files.changed',
  'prompt.opened',
  'prompt.answered',
];

export const isRedactable = (type: EventType): type is RedactableType => Object.hasOwn(redactedContent, type);

const itemTypes: readonly RedactableType[] = ['item.started', 'item.chunk', 'item.diff', 'item.ended'];

/** Events that are one thing to a reader: their content goes together, or a secret that lies over two would stay. */
export const redactedTogether: Partial<
  Record<RedactableType, { readonly by: string; readonly types: readonly RedactableType[] }>
> = {
  'item.started': { by: 'itemId', types: itemTypes },
  'item.chunk': { by: 'itemId', types: itemTypes },
  'item.diff': { by: 'itemId', types: itemTypes },
  'item.ended': { by: 'itemId', types: itemTypes },
  'plan.updated': { by: 'planId', types: ['plan.updated'] },
  'prompt.opened': { by: 'promptId', types: ['prompt.opened', 'prompt.answered'] },
  'prompt.answered': { by: 'promptId', types: ['prompt.opened', 'prompt.answered'] },
};
