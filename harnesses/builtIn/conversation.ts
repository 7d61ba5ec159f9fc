import { randomUUID } from 'node:crypto';
import type { ModelMessage } from 'ai';
import { FailureError } from '../../domain/failure.ts';
import type { ConversationState } from '../harness.ts';

const format = 'built-in/1';

interface Stored {
  readonly messages: readonly ModelMessage[];
  readonly tokens: number;
}

/** What was said and done, as the model is told of it. It is data alone, so that any later session can go on with it. */
export class Conversation {
  readonly id: string;
  readonly resumed: boolean;
  #messages: ModelMessage[];
  /** How full the model's window is, in tokens: as its provider counted last, with a guess for what came since. */
  tokens: number;

  private constructor(id: string, resumed: boolean, { messages, tokens }: Stored) {
    this.id = id;
    this.resumed = resumed;
    this.#messages = [...messages];
    this.tokens = tokens;
  }

  /** A new one, or the one that an earlier session left. Throws a FailureError when that cannot be read. */
  static open(state: ConversationState | undefined): Conversation {
    if (!state) return new Conversation(randomUUID(), false, { messages: [], tokens: 0 });
    return new Conversation(state.conversationId, true, parse(state));
  }

  get messages(): readonly ModelMessage[] {
    return this.#messages;
  }

  add(message: ModelMessage): void {
    this.#messages.push(message);
    this.tokens += guessTokens(message);
  }

  /** All of it gives way to a summary. */
  replace(message: ModelMessage): void {
    this.#messages = [message];
    this.tokens = guessTokens(message);
  }

  export(): ConversationState {
    const stored: Stored = { messages: this.#messages, tokens: this.tokens };
    return { format, conversationId: this.id, content: Buffer.from(JSON.stringify(stored)) };
  }
}

/** Four characters a token is a fair guess for code and English. */
const guessTokens = ({ content }: ModelMessage): number => Math.ceil(JSON.stringify(content).length / 4);

function parse(state: ConversationState): Stored {
  try {
    const stored = JSON.parse(Buffer.from(state.content).toString('utf8')) as Stored;
    if (state.format === format && Array.isArray(stored.messages) && Number.isFinite(stored.tokens)) return stored;
  } catch {
    // Told below.
  }
  throw new FailureError(
    'AGENT_FAILED',
    `The conversation of the session before (${state.format}) cannot be read by this version of the built-in agent. Update the workers, then continue the run.`,
  );
}
