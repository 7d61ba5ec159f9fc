export const modelProviders = ['anthropic', 'openai', 'openai-compatible', 'ollama'] as const;
export type ModelProvider = (typeof modelProviders)[number];

/** Which model the built-in agent asks, and how much it may do in a turn. */
export interface BuiltInSettings {
  /** Null: none was set, and no session of the built-in agent can start. */
  readonly provider: ModelProvider | null;
  readonly model: string | null;
  /** Stays in the worker: the agent's processes never see it. */
  readonly apiKey: string | null;
  /** Null: the provider's own address. */
  readonly baseUrl: string | null;
  /** What the model can read at once, in tokens; the conversation is summed up before it is full. */
  readonly contextTokens: number;
  /** What it may write in one answer, in tokens. */
  readonly outputTokens: number;
  /** How often it may be asked in one turn. */
  readonly turnSteps: number;
  /** What a turn may use, read and written, in tokens. */
  readonly turnTokens: number;
  /** The first pause before a model is asked again, in milliseconds; it doubles. Default 1,000. */
  readonly retryMs?: number;
}

/** What one answer may have: never more than a quarter of what the model can read at once. */
export const outputTokensOf = ({ outputTokens, contextTokens }: BuiltInSettings): number =>
  Math.min(outputTokens, Math.ceil(contextTokens / 4));

/** What a model is given of the result of one tool, in bytes: a tenth of its window, 24 KiB at most. */
export const resultBytesOf = ({ contextTokens }: BuiltInSettings): number =>
  Math.min(24 * 1024, Math.max(1024, Math.floor(contextTokens * 0.4)));
