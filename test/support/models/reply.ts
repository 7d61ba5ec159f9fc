/** The API that a model is asked through. */
export type Wire = 'MESSAGES' | 'CHAT' | 'RESPONSES';

/** What a scripted model answers: thoughts, text, calls of tools, in this order; or how it fails. */
export interface Reply {
  readonly thought?: string;
  readonly text?: string;
  readonly calls?: readonly ScriptedCall[];
  readonly usage?: Partial<ScriptedUsage>;
  /** A pause before each piece of it, in milliseconds. */
  readonly pieceMs?: number;
  /** The connection breaks after half of the pieces. */
  readonly cut?: boolean;
  /** It is refused with this status, and maybe when to come again. */
  readonly refuse?: { readonly status: number; readonly retryAfterSeconds?: number };
}

export interface ScriptedCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface ScriptedUsage {
  readonly input: number;
  readonly output: number;
  /** Of the input. */
  readonly cacheRead: number;
}

export const usageOf = ({ usage }: Reply): ScriptedUsage => ({ input: 100, output: 20, cacheRead: 0, ...usage });

/** A text of a person, the result of a tool, or a text of the model. */
export interface ModelTurn {
  readonly by: 'USER' | 'TOOL' | 'MODEL';
  readonly text: string;
}

/** What was asked, whatever the wire. */
export interface ModelRequest {
  readonly wire: Wire;
  readonly model: string;
  /** The key it was asked with. */
  readonly key: string;
  readonly system: string;
  /** Names of the tools it may call. */
  readonly tools: readonly string[];
  /** All that was said and done, in order. */
  readonly turns: readonly ModelTurn[];
  readonly body: unknown;
}

/** Text in pieces, as a model streams it. */
export const piecesOf = (text: string): string[] => text.match(/[\s\S]{1,24}/gu) ?? [];
