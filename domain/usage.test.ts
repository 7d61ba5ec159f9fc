import { expect, it } from 'vitest';
import { addUsage, noUsage, usageOfModels, type ModelUsage } from './usage.ts';

const model = (name: string, inputTokens: number, outputTokens: number): ModelUsage => ({
  model: name,
  inputTokens,
  outputTokens,
  cacheReadTokens: 1,
  cacheWriteTokens: 0,
  reasoningTokens: 2,
  costMicros: 5,
});

it('sums tokens by model and over all of them', () => {
  const sum = addUsage(usageOfModels([model('a', 10, 1), model('b', 20, 2)]), usageOfModels([model('a', 5, 3)]));
  expect(sum).toMatchObject({ inputTokens: 35, outputTokens: 6, costMicros: 15 });
  expect(sum.models).toEqual([
    { ...model('a', 15, 4), cacheReadTokens: 2, reasoningTokens: 4, costMicros: 10 },
    model('b', 20, 2),
  ]);
});

it('names no models where none was used, as usage of before has none', () => {
  expect(addUsage(noUsage, { ...noUsage, wallMs: 3 })).toEqual({ ...noUsage, wallMs: 3 });
});
