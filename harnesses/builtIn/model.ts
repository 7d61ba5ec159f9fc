import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import { FailureError } from '../../domain/failure.ts';
import type { BuiltInSettings } from './settings.ts';

// It would write them to the worker's standard error.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** Where Ollama listens on its own machine: https://docs.ollama.com/openai */
const ollamaUrl = 'http://127.0.0.1:11434/v1';

/** The model that settings name. Throws a FailureError (MODEL_NOT_CONFIGURED) that says which setting is missing. */
export function createModel(settings: BuiltInSettings): LanguageModel {
  const { provider, model, apiKey, baseUrl } = settings;
  if (!provider) throw missing('BATON_MODEL_PROVIDER', 'to anthropic, openai, openai-compatible or ollama');
  if (!model) throw missing('BATON_MODEL', 'to the name of a model');
  const address = baseUrl === null ? {} : { baseURL: baseUrl };
  switch (provider) {
    case 'anthropic':
      return createAnthropic({ apiKey: keyFor(provider, apiKey), ...address })(model);
    case 'openai':
      return createOpenAI({ apiKey: keyFor(provider, apiKey), ...address })(model);
    case 'openai-compatible':
    case 'ollama': {
      const baseURL = baseUrl ?? (provider === 'ollama' ? ollamaUrl : null);
      if (baseURL === null) throw missing('BATON_MODEL_BASE_URL', 'to the address of the provider, up to and with /v1');
      return createOpenAICompatible({ name: provider, baseURL, includeUsage: true, ...(apiKey !== null && { apiKey }) })(model);
    }
  }
}

/**
 * Nothing of a conversation is kept at the provider: the next session may ask another one, and what is redacted here
 * is gone.
 */
export const providerOptions = { openai: { store: false, include: ['reasoning.encrypted_content'] } };

function keyFor(provider: string, apiKey: string | null): string {
  if (apiKey === null) throw missing('BATON_MODEL_API_KEY', `to a key of ${provider}`);
  return apiKey;
}

const missing = (name: string, what: string): FailureError =>
  new FailureError(
    'MODEL_NOT_CONFIGURED',
    `The built-in agent has no model to ask: set ${name} on the workers ${what}, restart them, then continue the run.`,
  );
