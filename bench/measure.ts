import { performance } from 'node:perf_hooks';

/** The value below which this part of the values lies: 0.5 for the median. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new Error('nothing was measured');
  return below + (above - below) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** How long the work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** What the work comes to, unless the signal aborts first. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Measures several things turn by turn, so that what else the machine does meets all of them. Gives what each gave. */
export async function interleave<Name extends string>(
  times: number,
  signal: AbortSignal,
  measures: Readonly<Record<Name, (time: number) => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(measures) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let time = 0; time < times; time++) {
    // Whoever comes first now comes last the next time.
    for (const name of time % 2 === 0 ? names : names.toReversed()) {
      taken[name].push(await unlessAborted(signal, measures[name](time)));
    }
  }
  return taken;
}

/** To three digits or to whole numbers, for people and for a line of JSON. */
export const rounded = (value: number): number => (Math.abs(value) < 100 ? Number(value.toPrecision(3)) : Math.round(value));
