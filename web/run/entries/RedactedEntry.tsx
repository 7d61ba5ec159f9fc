import type { JSX } from 'solid-js';
import type { Entry, Redaction } from '../model/transcript.ts';
import { Line } from './Line.tsx';
import { actorName } from './MessageEntry.tsx';

/** Who took a content away, and why. */
export const redactionWords = ({ actor, reason }: Redaction): string => `by ${actorName(actor)}: ${reason}`;

const what: Partial<Record<Entry['kind'], string>> = {
  ITEM: 'What the agent did here',
  PROMPT: 'A question of the agent',
  FILES: 'A list of files',
  SNAPSHOT: 'A snapshot',
  NOTICE: 'A notice',
};

/** The place of something whose content was taken away. */
export function RedactedEntry(props: { entry: Entry; redaction: Redaction }): JSX.Element {
  return (
    <Line
      entry={props.entry}
      icon="redact"
      verb={`${what[props.entry.kind] ?? 'This'} was redacted`}
      target={redactionWords(props.redaction)}
    />
  );
}
