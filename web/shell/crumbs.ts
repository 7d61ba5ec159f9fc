import { createEffect, createSignal, onCleanup, type Accessor } from 'solid-js';
import type { Shown } from '../state/display.ts';

/** Where the page is: names that lead to it, and what the bar shows on a phone instead. */
export interface Crumbs {
  readonly path: readonly { readonly label: string; readonly href?: string; readonly mono?: boolean; readonly copy?: string }[];
  readonly title: string;
  readonly shown?: Shown;
  /** Where the way back leads on a phone; none on a page at the top. */
  readonly back?: string;
}

const [crumbs, setCrumbs] = createSignal<Accessor<Crumbs> | null>(null);

/** The crumbs of the page that is shown. */
export const currentCrumbs = (): Crumbs | null => crumbs()?.() ?? null;

/** Says where the page is, for as long as it is there. */
export function useCrumbs(of: Accessor<Crumbs>): void {
  setCrumbs(() => of);
  createEffect(() => (document.title = `${of().title} – Baton`));
  onCleanup(() => setCrumbs((now) => (now === of ? null : now)));
}
