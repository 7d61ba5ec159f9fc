import { usageOfModels, type Usage } from '../../domain/usage.ts';
import type { Result } from './protocol.ts';

/** What the models used of which a result tells. It counts what the cache read and wrote apart from the input. */
export function usageIn(result: Result): Usage {
  return usageOfModels(
    Object.entries(result.model_usage_since_last_result).map(([model, used]) => ({
      model,
      inputTokens: used.inputTokens + used.cacheReadInputTokens + used.cacheCreationInputTokens,
      outputTokens: used.outputTokens,
      cacheReadTokens: used.cacheReadInputTokens,
      cacheWriteTokens: used.cacheCreationInputTokens,
      reasoningTokens: used.thinkingTokens,
      costMicros: Math.round(used.costUSD * 1e6),
    })),
  );
}
