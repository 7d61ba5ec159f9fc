import type { ItemDiff, ItemStarted } from '../domain/events.ts';
import { diffSideBytes, planLimits, toolInputBytes, type PlanEntry, type ToolCall } from '../domain/toolCall.ts';
import { cutText } from './outputText.ts';

/** What an item's beginning tells of the tool that is called. */
export type CalledTool = Required<Pick<ItemStarted, 'tool' | 'input' | 'inputBytes'>>;

/** A call of a tool as an event holds it: of a large input the beginning. */
export function calledTool(tool: ToolCall, input: unknown): CalledTool {
  const text = JSON.stringify(input) ?? 'null';
  return { tool, input: cutText(text, toolInputBytes)[0], inputBytes: Buffer.byteLength(text) };
}

/** What was changed in a file, as an event holds it: nothing of a side that is too large, or not text. */
export function itemDiff(itemId: string, path: string, oldText: string | null, newText: string | null): ItemDiff {
  const complete = [oldText, newText].every((side) => side === null || isShown(side));
  return { type: 'item.diff', itemId, path, oldText: complete ? oldText : null, newText: complete ? newText : null, complete };
}

// JSON writes a control character as six.
const isShown = (side: string): boolean => Buffer.byteLength(JSON.stringify(side)) <= diffSideBytes && !side.includes('\0');

/** A plan as an event holds it: of a long one the beginning. */
export function planEntries(entries: readonly PlanEntry[]): readonly PlanEntry[] {
  return entries
    .slice(0, planLimits.entries)
    .map(({ content, status }) => ({ content: content.slice(0, planLimits.contentCharacters), status }));
}
