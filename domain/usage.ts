/** What a turn, session or run consumed. Times in milliseconds, memory in bytes, cost in millionths of a US dollar. */
export interface Usage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
}

export const noUsage: Usage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };

/** Sums what adds up and keeps the higher of what is a peak. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    wallMs: a.wallMs + b.wallMs,
    cpuMs: a.cpuMs + b.cpuMs,
    peakMemoryBytes: Math.max(a.peakMemoryBytes, b.peakMemoryBytes),
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costMicros: a.costMicros + b.costMicros,
  };
}
