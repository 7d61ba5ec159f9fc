import { APICallError, streamText, type AssistantModelMessage, type LanguageModel, type ModelMessage, type ToolSet } from 'ai';
import type { ModelUsage } from '../../domain/usage.ts';
import type { Emit } from '../harness.ts';
import { StreamedItem } from '../streamedItem.ts';
import { providerOptions } from './model.ts';

export interface Question {
  readonly model: LanguageModel;
  readonly modelName: string;
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: ToolSet;
  readonly outputTokens: number;
  readonly signal: AbortSignal;
  /** All it says is thought: nothing of it is for people. */
  readonly asThought?: boolean;
}

export interface RequestedCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  /** Why it cannot be made: no such tool, or not its input. */
  readonly invalid: string | null;
}

export interface Answer {
  /** What is to be added to the conversation. After an abort, what was seen of it until then. */
  readonly message: AssistantModelMessage | null;
  readonly text: string;
  readonly calls: readonly RequestedCall[];
  readonly usage: ModelUsage | null;
  readonly aborted: boolean;
  /** The answer is at the most it may have. */
  readonly cutShort: boolean;
}

/**
 * Asks the model once, and tells the transcript what it thinks and says as it comes. Rejects with the provider's error;
 * what was begun is then ended as failed.
 */
export async function askModel(question: Question, emit: Emit): Promise<Answer> {
  const { model, modelName, instructions, messages, tools, outputTokens, signal, asThought = false } = question;
  const said = new Said(emit, asThought);
  const calls: RequestedCall[] = [];
  let usage: ModelUsage | null = null;
  let cutShort = false;
  let failed: unknown = null;
  const result = streamText({
    model,
    instructions,
    messages: [...messages],
    tools,
    maxOutputTokens: outputTokens,
    maxRetries: 0,
    abortSignal: signal,
    providerOptions,
    // Told below, where it is also thrown.
    onError: () => {},
  });
  result.responseMessages.then(
    () => {},
    () => {},
  );
  try {
    for await (const part of result.stream) {
      switch (part.type) {
        case 'text-start':
        case 'reasoning-start':
          await said.begin(part.id, part.type === 'text-start' ? 'TEXT' : 'THOUGHT');
          break;
        case 'text-delta':
        case 'reasoning-delta':
          await said.add(part.id, part.text);
          break;
        case 'text-end':
        case 'reasoning-end':
          await said.end(part.id, 'OK');
          break;
        case 'tool-call':
          calls.push({
            id: part.toolCallId,
            name: part.toolName,
            input: part.input,
            invalid: part.invalid ? messageOf(part.error) : null,
          });
          break;
        case 'finish-step':
          usage = usageOf(modelName, part.usage);
          cutShort = part.finishReason === 'length';
          break;
        case 'error':
          failed = part.error;
          break;
        default:
      }
    }
  } catch (error) {
    failed = error;
  }
  if (signal.aborted) {
    await said.endAll('CANCELED');
    const text = said.text;
    return {
      message: text === '' ? null : { role: 'assistant', content: text },
      text,
      calls: [],
      usage,
      aborted: true,
      cutShort,
    };
  }
  if (failed !== null) {
    await said.endAll('FAILED');
    throw failed;
  }
  await said.endAll('OK');
  const given = (await result.responseMessages).find((one): one is AssistantModelMessage => one.role === 'assistant') ?? null;
  return { message: given && withoutOwn(given), text: said.text, calls, usage, aborted: false, cutShort };
}

/** What only the provider's own bookkeeping needs is left out: the next question may go to another one. */
const withoutOwn = ({ role, content }: AssistantModelMessage): AssistantModelMessage => ({
  role,
  content: typeof content === 'string' ? content : content.filter(({ type }) => type !== 'custom'),
});

/** The items of one answer: texts and thoughts, each as it streams. An empty one is not told. */
class Said {
  readonly #emit: Emit;
  readonly #asThought: boolean;
  readonly #kinds = new Map<string, 'TEXT' | 'THOUGHT'>();
  readonly #items = new Map<string, StreamedItem>();
  text = '';

  constructor(emit: Emit, asThought: boolean) {
    this.#emit = emit;
    this.#asThought = asThought;
  }

  begin(id: string, kind: 'TEXT' | 'THOUGHT'): void {
    this.#kinds.set(id, kind);
  }

  async add(id: string, text: string): Promise<void> {
    if (text === '') return;
    const kind = this.#kinds.get(id) ?? 'TEXT';
    let item = this.#items.get(id);
    if (!item) {
      item = await StreamedItem.begin(this.#emit, { kind: this.#asThought ? 'THOUGHT' : kind, title: '' });
      this.#items.set(id, item);
    }
    if (kind === 'TEXT') this.text += text;
    await item.write(text);
  }

  async end(id: string, status: 'OK' | 'FAILED' | 'CANCELED'): Promise<void> {
    await this.#items.get(id)?.end(status);
  }

  async endAll(status: 'OK' | 'FAILED' | 'CANCELED'): Promise<void> {
    for (const item of this.#items.values()) await item.end(status);
  }
}

interface Counted {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly inputTokenDetails: { readonly cacheReadTokens?: number | undefined; readonly cacheWriteTokens?: number | undefined };
  readonly outputTokenDetails: { readonly reasoningTokens?: number | undefined };
}

const usageOf = (model: string, counted: Counted): ModelUsage => ({
  model,
  inputTokens: counted.inputTokens ?? 0,
  outputTokens: counted.outputTokens ?? 0,
  cacheReadTokens: counted.inputTokenDetails.cacheReadTokens ?? 0,
  cacheWriteTokens: counted.inputTokenDetails.cacheWriteTokens ?? 0,
  reasoningTokens: counted.outputTokenDetails.reasoningTokens ?? 0,
  costMicros: 0,
});

/** What an error says, without what it was asked with. */
export const messageOf = (error: unknown): string =>
  APICallError.isInstance(error) ? error.message : error instanceof Error ? error.message : String(error);
