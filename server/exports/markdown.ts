import { stripVTControlCharacters } from 'node:util';
import { createTwoFilesPatch } from 'diff';
import { actorName } from '../../domain/actor.ts';
import type { ItemDiff, ItemKind, LoggedEvent, RunEvent } from '../../domain/events.ts';
import type { Failure } from '../../domain/failure.ts';
import { mergeChunks } from '../../domain/mergeChunks.ts';
import type { RestoreReport } from '../../domain/snapshot.ts';
import type { PlanEntry, PlanStatus } from '../../domain/toolCall.ts';
import type { ExportedRun } from './jsonLines.ts';

const time = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
/** Every character that Markdown could take for its own. */
const plain = (text: string): string => oneLine(text).replaceAll(/[\\`*_{}[\]<>#|!~]/g, String.raw`\$&`);
const quoted = (text: string): string => text.replace(/\n$/, '').replaceAll(/^/gm, '> ');
const because = (failure: Failure | null): string => (failure ? `: ${plain(failure.message)}` : '');
const paragraph = (text: string): string => `${text}\n\n`;

const itemWords: Record<ItemKind, string> = {
  TEXT: 'Said',
  THOUGHT: 'Thought',
  COMMAND: 'Command',
  SETUP: 'Setup',
  TOOL: 'Tool',
};

const code = (text: string): string => `\`${oneLine(text).replaceAll('`', "'")}\``;

function restoredText({ snapshotId, applied, notApplied, newerBase = [], entries }: RestoreReport): string {
  const moved = newerBase.flatMap(({ state, repository, branch, to, merged, conflicts }) =>
    state === 'MOVED'
      ? [
          `- ${code(repository)} is on the newest ${code(branch)}, ${to?.slice(0, 10)}: ${merged} merged, ${conflicts} in conflict`,
        ]
      : [],
  );
  const problems = entries
    .filter(({ status }) => status !== 'APPLIED')
    .map(({ path, subject, reason, detail }) => `- ${path === null ? subject : code(path)} (${reason}): ${plain(detail)}`);
  const lines = [...moved, ...problems];
  const head = `*Restored \`${snapshotId}\`: ${applied} applied, ${notApplied} not.*`;
  return lines.length === 0 ? head : [head, '', ...lines].join('\n');
}

/**
 * A transcript for people to read, as Markdown. Output is indented, so that nothing that a program printed can end its
 * block; what Baton only notes for itself is left out.
 */
export async function* markdown(run: ExportedRun, log: AsyncIterable<readonly LoggedEvent[]>): AsyncGenerator<string> {
  yield paragraph(`# ${plain(run.title)}`);
  yield paragraph(
    [
      `- Run: \`${run.id}\`, ${run.state}`,
      `- Creator: ${plain(run.creator.name)}, ${plain(run.team.name)}`,
      `- Environment: ${plain(run.environment.name)}`,
      `- Created: ${time(run.createdAt)}`,
    ].join('\n'),
  );
  const items = new Items();
  for await (const events of log) {
    for (const logged of mergeChunks(events)) yield items.interrupt(logged.event) + text(logged, items);
  }
  yield items.interrupt(null);
}

/** Which item's text is being written, so that a line that was begun ends before something else follows. */
class Items {
  readonly #kinds = new Map<string, ItemKind>();
  #writing: string | null = null;
  #midLine = false;

  start(itemId: string, kind: ItemKind): void {
    this.#kinds.set(itemId, kind);
  }

  /** Ends what is being written, unless the event goes on with it. */
  interrupt(event: RunEvent | null): string {
    if (this.#writing === null || (event?.type === 'item.chunk' && event.itemId === this.#writing)) return '';
    this.#writing = null;
    const end = this.#midLine ? '\n\n' : '\n';
    this.#midLine = false;
    return end;
  }

  chunk(itemId: string, streamed: string): string {
    this.#writing = itemId;
    const said = stripVTControlCharacters(streamed).replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    if (said === '') return '';
    const indent = this.#kinds.get(itemId) === 'TEXT' ? '' : '    ';
    const begun = this.#midLine;
    this.#midLine = !said.endsWith('\n');
    const lines = said.split('\n');
    return lines
      .map((line, n) => ((n === 0 && begun) || (n === lines.length - 1 && line === '') ? line : `${indent}${line}`))
      .join('\n');
  }
}

const planMarks: Record<PlanStatus, string> = { PENDING: '[ ]', IN_PROGRESS: '[ ] now:', COMPLETED: '[x]' };

const planLine = ({ content, status }: PlanEntry): string => `- ${planMarks[status]} ${plain(content)}`;

/** Both sides of a diff, whole lines, as an indented block; what only one of them has is marked. */
function diffText({ oldText, newText, complete, path }: ItemDiff): string {
  if (!complete) return '';
  const hunks = createTwoFilesPatch(path, path, oldText ?? '', newText ?? '', undefined, undefined, { context: 2 })
    .split('\n')
    .slice(4)
    .filter((line) => !line.startsWith('\\'));
  return paragraph(stripVTControlCharacters(hunks.join('\n')).trimEnd().replaceAll(/^/gm, '    '));
}

/** An event as a reader wants it; empty for what only programs need. */
function text({ at, event, redaction, session }: LoggedEvent, items: Items): string {
  if (redaction && event.type !== 'item.chunk' && event.type !== 'item.ended') {
    const { actor, reason } = redaction;
    if (event.type !== 'run.created')
      return paragraph(`*Redacted by ${plain(actorName(actor))}, ${time(new Date(redaction.at))}: ${plain(reason)}*`);
  }
  switch (event.type) {
    case 'message.added':
      return paragraph(`**${plain(actorName(event.author))}**, ${time(at)}:\n\n${quoted(event.text)}`);
    case 'message.returned':
      return paragraph(`*A message came back: ${plain(event.reason)}*`);
    case 'message.withdrawn':
      return paragraph(`*${plain(actorName(event.actor))} took a message back.*`);
    case 'session.opened':
      return paragraph(`## Session ${event.ordinal} (${event.cause}, ${event.harness})\n\n${time(at)}`);
    case 'session.state':
      return event.to === 'ENDED'
        ? paragraph(`*Session ${session} ended, ${event.outcome}${because(event.failure)}, ${time(at)}*`)
        : '';
    case 'turn.started':
      return paragraph(`### Turn ${event.turn}`);
    case 'turn.ended':
      return event.reason === 'COMPLETED' ? '' : paragraph(`*The turn ended, ${event.reason}${because(event.failure)}*`);
    case 'turn.rolledBack':
      return paragraph(`*Turn ${event.turn} was lost with its worker; its workspace is gone.*`);
    case 'item.started':
      items.start(event.itemId, event.kind);
      return paragraph(event.kind === 'TEXT' ? '' : `**${itemWords[event.kind]}**: ${plain(event.title)}`).trimStart();
    case 'item.chunk':
      return items.chunk(event.itemId, event.text);
    case 'item.ended':
      return event.exitCode === null && event.signal === null
        ? ''
        : paragraph(`*Ended with ${event.signal ?? `exit ${event.exitCode}`}*`);
    case 'item.diff':
      return (
        paragraph(`*Changed \`${oneLine(event.path).replaceAll('`', "'")}\`${event.complete ? '' : ', too much to show'}*`) +
        diffText(event)
      );
    case 'plan.updated':
      return paragraph(['The plan:', '', ...event.entries.map(planLine)].join('\n'));
    case 'conversation.opened':
      return event.resumed ? paragraph('*The agent remembers the sessions before.*') : '';
    case 'files.changed':
      return paragraph(
        [
          `Files changed: ${event.count}`,
          '',
          ...event.files.map(({ status, path }) => `- ${status.toLowerCase()} \`${oneLine(path).replaceAll('`', "'")}\``),
        ].join('\n'),
      );
    case 'notice':
      return paragraph(`*${plain(event.message)}*`);
    case 'prompt.opened':
      return paragraph(
        `**The agent asks**: ${plain(event.question)}\n\n${event.options.map(({ label }) => `- ${plain(label)}`).join('\n')}`.trimEnd(),
      );
    case 'prompt.answered':
      return paragraph(
        `**${plain(actorName(event.actor))} answered**: ${plain([event.answer.optionId, event.answer.text].filter(Boolean).join(' '))}`,
      );
    case 'prompt.closed':
      return paragraph(`*Nobody answered: ${event.reason}*`);
    case 'workspace.restored': {
      return paragraph(restoredText(event.report));
    }
    case 'snapshot.captured':
      return paragraph(`*Snapshot \`${event.snapshotId}\`, ${event.kind}: ${event.summary.changedFiles} files changed.*`);
    case 'snapshot.failed':
      return paragraph(`*The snapshot failed${because(event.failure)}*`);
    case 'branch.pushed':
      return paragraph(
        `*Pushed \`${event.branch}\` to ${plain(event.url)}: ${event.commits === 1 ? '1 commit' : `${event.commits} commits`}, \`${event.commit.slice(0, 7)}\`.*`,
      );
    case 'branch.notPushed':
      return paragraph(`*\`${event.branch}\` was not pushed to ${plain(event.url)} (${event.reason}): ${plain(event.detail)}*`);
    case 'run.cancelRequested':
      return paragraph(`*${plain(actorName(event.actor))} canceled the run.*`);
    case 'run.state':
      return event.failure ? paragraph(`*The run is ${event.to}${because(event.failure)}*`) : '';
    case 'transcript.deleted':
    case 'snapshots.deleted':
      return paragraph(
        `*${event.type === 'transcript.deleted' ? 'The transcript was' : 'The snapshots were'} deleted: ${plain(event.reason)}*`,
      );
    default:
      return '';
  }
}
