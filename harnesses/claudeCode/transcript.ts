import { randomUUID } from 'node:crypto';
import type { ItemEnded } from '../../domain/events.ts';
import { calledTool, itemDiff, planEntries } from '../calledTool.ts';
import type { Emit } from '../harness.ts';
import { StreamedItem } from '../streamedItem.ts';
import {
  isToolResult,
  isToolUse,
  textIn,
  type Assistant,
  type StreamEvent,
  type ToolResult,
  type ToolUse,
  type User,
} from './protocol.ts';
import { diffOf, exitCodeIn, itemKind, planIn, printedBy, toolKind, toolTitle } from './toolView.ts';

/** Its own list of steps, which the page shows as the plan. */
const planTool = 'TodoWrite';
/** Messages that the program writes itself, in the model's place: that a request failed, which the turn's end tells. */
const syntheticModel = '<synthetic>';

const streamedKinds: Readonly<Record<string, 'TEXT' | 'THOUGHT'>> = { text: 'TEXT', thinking: 'THOUGHT' };

/** One turn of Claude Code as the transcript holds it. */
export class TurnTranscript {
  readonly #emit: Emit;
  /** The workspace's path as the agent has it. */
  readonly #workspace: string;
  readonly #planId = randomUUID();
  /** What streams now, and its item once there is something to show. */
  #block: 'TEXT' | 'THOUGHT' | null = null;
  #streaming: StreamedItem | null = null;
  /** Messages of which the texts were streamed. */
  readonly #streamed = new Set<string>();
  readonly #tools = new Map<string, { readonly item: StreamedItem; readonly name: string }>();
  readonly #denied = new Set<string>();
  #stopping = false;

  constructor(emit: Emit, workspace: string) {
    this.#emit = emit;
    this.#workspace = workspace;
  }

  /** A person said no, so that the call did not fail. */
  deny(toolUseId: string): void {
    this.#denied.add(toolUseId);
  }

  /** The turn is being stopped: what has not ended by now is canceled. */
  stop(): void {
    this.#stopping = true;
  }

  async streamed({ event, parent_tool_use_id: parent }: StreamEvent): Promise<void> {
    // What a helper agent says reaches the transcript as the result of the call that started it.
    if (parent) return;
    if (event.type === 'message_start' && event.message) this.#streamed.add(event.message.id);
    if (event.type === 'content_block_start') {
      await this.#endStreaming();
      this.#block = streamedKinds[event.content_block?.type ?? ''] ?? null;
    }
    if (event.type === 'content_block_delta') await this.#write(event.delta?.text ?? event.delta?.thinking ?? '');
    if (event.type === 'content_block_stop' || event.type === 'message_stop') await this.#endStreaming();
  }

  async assistant({ message, parent_tool_use_id: parent }: Assistant): Promise<void> {
    if (message.model === syntheticModel) return;
    for (const block of message.content) {
      if (isToolUse(block)) await this.#begin(block);
      else if (block.type === 'text' && !parent && !this.#streamed.has(message.id)) await this.#whole(textIn([block]));
    }
  }

  async user(line: User): Promise<void> {
    const { content } = line.message;
    if (typeof content === 'string') return;
    for (const block of content) if (isToolResult(block)) await this.#end(block, line.tool_use_result);
  }

  /** Ends what has not ended: the turn is over. */
  async finish(): Promise<void> {
    await this.#endStreaming();
    for (const { item } of this.#tools.values()) await item.end('CANCELED');
    this.#tools.clear();
  }

  async #write(text: string): Promise<void> {
    if (text === '' || !this.#block) return;
    this.#streaming ??= await StreamedItem.begin(this.#emit, { kind: this.#block, title: '' });
    await this.#streaming.write(text);
  }

  async #endStreaming(): Promise<void> {
    const item = this.#streaming;
    this.#streaming = null;
    this.#block = null;
    await item?.end(this.#stopping ? 'CANCELED' : 'OK');
  }

  async #whole(text: string): Promise<void> {
    const item = await StreamedItem.begin(this.#emit, { kind: 'TEXT', title: '' });
    await item.write(text);
    await item.end('OK');
  }

  async #begin({ id, name, input }: ToolUse): Promise<void> {
    if (this.#tools.has(id)) return;
    const plan = name === planTool ? planIn(input) : null;
    if (plan) return this.#emit({ type: 'plan.updated', planId: this.#planId, entries: planEntries(plan) });
    const item = await StreamedItem.begin(this.#emit, {
      kind: itemKind(name),
      title: toolTitle(name, input, this.#workspace),
      ...calledTool({ id, name, kind: toolKind(name) }, input),
    });
    this.#tools.set(id, { item, name });
  }

  async #end(result: ToolResult, told: unknown): Promise<void> {
    const call = this.#tools.get(result.tool_use_id);
    if (!call) return;
    this.#tools.delete(result.tool_use_id);
    const { item, name } = call;
    const failed = result.is_error === true;
    const text = textIn(result.content);
    const printed = name === 'Bash' && !failed ? printedBy(told) : null;
    if (printed) {
      await item.write(printed.stdout, 'STDOUT');
      await item.write(printed.stderr, 'STDERR');
    } else {
      await item.write(text, name === 'Bash' ? 'STDOUT' : 'TEXT');
    }
    const diff = failed ? null : diffOf(told, this.#workspace);
    if (diff) await this.#emit(itemDiff(item.itemId, diff.path, diff.oldText, diff.newText));
    const exitCode = name !== 'Bash' ? null : failed ? exitCodeIn(text) : 0;
    await item.end(this.#status(result.tool_use_id, failed), { exitCode });
  }

  #status(toolUseId: string, failed: boolean): ItemEnded['status'] {
    if (!failed) return 'OK';
    return this.#stopping || this.#denied.has(toolUseId) ? 'CANCELED' : 'FAILED';
  }
}
