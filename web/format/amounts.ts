import type { UsagePartsFragment } from '../generated/operations.ts';
import { duration } from './duration.ts';

const grouped = new Intl.NumberFormat('en-GB');

/** 1,284 */
export const number = (n: number): string => grouped.format(n);

/** 1 file, 14 files. */
export const count = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`;

/** 812 B, 3.1 MB: powers of 1,000. */
export function bytes(n: number): string {
  if (n < 1_000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** 640, 98k, 1.2M tokens. */
export function tokens(n: number): string {
  if (n < 1_000) return count(n, 'token');
  if (n < 999_500) return `${Math.round(n / 1_000)}k tokens`;
  return `${(n / 1_000_000).toFixed(1)}M tokens`;
}

/** $2.31; from millionths of a dollar. */
export const cost = (micros: number): string => `$${(micros / 1_000_000).toFixed(2)}`;

/** What one model read and wrote: "claude-x: 98k tokens read, 82k of them from the cache, 1k tokens written". */
export function modelWords({ model, inputTokens, outputTokens, cacheReadTokens }: UsagePartsFragment['models'][number]): string {
  const cached = cacheReadTokens > 0 ? `, ${tokens(cacheReadTokens).replace(/ tokens?$/, '')} of them from the cache` : '';
  return `${model}: ${tokens(inputTokens)} read${cached}, ${tokens(outputTokens)} written`;
}

/** What a session or run consumed, in a few words: tokens and cost where there are any, else its time on a machine. */
export function usageWords({ inputTokens, outputTokens, costMicros, wallMs }: UsagePartsFragment): string[] {
  const all = inputTokens + outputTokens;
  const words = [...(all > 0 ? [tokens(all)] : []), ...(costMicros > 0 ? [cost(costMicros)] : [])];
  if (words.length > 0) return words;
  return wallMs > 0 ? [`${duration(wallMs)} of work`] : [];
}
