import type { styleText } from 'node:util';

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

export type Tone = 'good' | 'bad' | 'dim';

const colours = { good: 'green', bad: 'red', dim: 'dim' } as const;

/** A part's line: its name, its state, how long it took, and where or what it is, in columns. */
export function lineOf(
  { name, state, tone, ms, detail }: { name: string; state: string; tone: Tone; ms: number; detail: string },
  style: Style,
): string {
  const line = `  ${name.padEnd(12)} ${style(colours[tone], state.padEnd(11))} ${seconds(ms).padStart(7)}   ${style('dim', detail)}`;
  return detail === '' ? line.trimEnd() : line;
}

/** A duration in words that a person reads: `0.4 s`, `2 min 5 s`. */
export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const whole = Math.round(ms / 1_000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
