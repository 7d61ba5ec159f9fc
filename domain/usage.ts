/** Tokens that one model read and wrote. Those of the cache and of reasoning are part of the others, as providers count. */
export interface ModelUsage {
  /** The provider's name for it. */
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input: read from the provider's cache, and written to it. */
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Of the output: thinking. */
  readonly reasoningTokens: number;
  /** In millionths of a US dollar; 0 where the harness does not tell. */
  readonly costMicros: number;
}

/** What a turn, session or run consumed. Times in milliseconds, memory in bytes, cost in millionths of a US dollar. */
export interface Usage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
  /** The same by model, in the order they were first used; not there where no model was. */
  readonly models?: readonly ModelUsage[];
}

export const noUsage: Usage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };

/** Sums what adds up and keeps the higher of what is a peak. */
export function addUsage(a: Usage, b: Usage): Usage {
  const models = addModels(a.models ?? [], b.models ?? []);
  return {
    wallMs: a.wallMs + b.wallMs,
    cpuMs: a.cpuMs + b.cpuMs,
    peakMemoryBytes: Math.max(a.peakMemoryBytes, b.peakMemoryBytes),
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costMicros: a.costMicros + b.costMicros,
    ...(models.length > 0 && { models }),
  };
}

/** What models used, as a usage of nothing else. */
export function usageOfModels(models: readonly ModelUsage[]): Usage {
  return models.reduce<Usage>(
    (sum, model) =>
      addUsage(sum, {
        ...noUsage,
        inputTokens: model.inputTokens,
        outputTokens: model.outputTokens,
        costMicros: model.costMicros,
        models: [model],
      }),
    noUsage,
  );
}

function addModels(before: readonly ModelUsage[], more: readonly ModelUsage[]): readonly ModelUsage[] {
  const sum = new Map(before.map((usage) => [usage.model, usage] as const));
  for (const usage of more) {
    const known = sum.get(usage.model);
    sum.set(usage.model, known ? addModel(known, usage) : usage);
  }
  return [...sum.values()];
}

const addModel = (a: ModelUsage, b: ModelUsage): ModelUsage => ({
  model: a.model,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  costMicros: a.costMicros + b.costMicros,
});
