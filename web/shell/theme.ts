import { createSignal } from 'solid-js';
import { keep, kept } from '../ui/kept.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'baton.theme';
const isTheme = (value: string | null): value is Theme => (themes as readonly (string | null)[]).includes(value);
const stored = kept(key);
const [theme, setSignal] = createSignal<Theme>(isTheme(stored) ? stored : 'system');

/** The chosen theme; `system` follows the system. */
export { theme };

/** Chooses a theme, and keeps it. */
export function setTheme(next: Theme): void {
  setSignal(next);
  keep(key, next === 'system' ? null : next);
  applyTheme();
}

/** Shows the chosen theme. */
export function applyTheme(): void {
  if (theme() === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme();
}

/** Light, dark, as the system, in turn: the next one always looks different from the one that is shown. */
export function nextTheme(): Theme {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const order: readonly Theme[] = dark ? ['system', 'light', 'dark'] : ['system', 'dark', 'light'];
  return order[(order.indexOf(theme()) + 1) % order.length] ?? 'system';
}
