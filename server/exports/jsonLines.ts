import type { LoggedEvent } from '../../domain/events.ts';

/** What the first line of an export says of the run. */
export interface ExportedRun {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly origin: string;
  readonly harness: string;
  readonly creator: { readonly id: string; readonly name: string };
  readonly team: { readonly id: string; readonly name: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** A transcript as JSON lines: the run, then each event of its log in order. docs/export.md names the fields. */
export async function* jsonLines(run: ExportedRun, log: AsyncIterable<readonly LoggedEvent[]>): AsyncGenerator<string> {
  yield `${JSON.stringify({ format: 'baton-transcript', version: 1, run })}\n`;
  for await (const events of log) yield events.map(line).join('');
}

function line({ seq, at, session, redaction, event }: LoggedEvent): string {
  const { type, ...fields } = event;
  return `${JSON.stringify({ seq, at, session, type, ...(redaction && { redaction }), ...fields })}\n`;
}
