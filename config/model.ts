import { readFileSync } from 'node:fs';
import { z } from 'zod';

const count = z.coerce.number().int().positive();

/** The model that the built-in agent asks, and how much it may do in a turn. Without a provider no such agent starts. */
export const modelSettings = {
  BATON_MODEL_PROVIDER: z
    .enum(['anthropic', 'openai', 'openai-compatible', 'ollama'])
    .optional()
    .describe('Who serves the built-in agent’s model.'),
  BATON_MODEL: z.string().optional().describe('The model’s name there.'),
  BATON_MODEL_API_KEY: z.string().optional().describe('The key that it is asked with.'),
  BATON_MODEL_API_KEY_FILE: z.string().optional().describe('A file that holds the key, instead.'),
  BATON_MODEL_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where the provider’s API is, up to and with /v1; its own address when not set.'),
  BATON_MODEL_CONTEXT_TOKENS: count.default(200_000).describe('What the model can read at once, in tokens.'),
  BATON_MODEL_OUTPUT_TOKENS: count.default(16_000).describe('What it may write in one answer, in tokens.'),
  BATON_AGENT_TURN_STEPS: count.default(200).describe('How often a turn may ask its model.'),
  BATON_AGENT_TURN_TOKENS: count.default(20_000_000).describe('What a turn may read and write, in tokens.'),
};

const schema = z.object(modelSettings);

export interface ModelSettings {
  readonly provider: 'anthropic' | 'openai' | 'openai-compatible' | 'ollama' | null;
  readonly model: string | null;
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
  readonly contextTokens: number;
  readonly outputTokens: number;
  readonly turnSteps: number;
  readonly turnTokens: number;
}

/** The settings of the model. What is missing is said by the session that would need it. */
export function readModel(config: z.output<typeof schema>): ModelSettings {
  const file = config.BATON_MODEL_API_KEY_FILE;
  return {
    provider: config.BATON_MODEL_PROVIDER ?? null,
    model: config.BATON_MODEL ?? null,
    apiKey: config.BATON_MODEL_API_KEY ?? (file ? readFileSync(file, 'utf8').trim() : null),
    baseUrl: config.BATON_MODEL_BASE_URL ?? null,
    contextTokens: config.BATON_MODEL_CONTEXT_TOKENS,
    outputTokens: config.BATON_MODEL_OUTPUT_TOKENS,
    turnSteps: config.BATON_AGENT_TURN_STEPS,
    turnTokens: config.BATON_AGENT_TURN_TOKENS,
  };
}
