import { lazy, Suspense, type JSX } from 'solid-js';

const Prose = lazy(() => import('./Prose.tsx').then(({ Prose }) => ({ default: Prose })));

/** Markdown, once what reads it is there; the text as it is until then. Runs of scripts have none, and do not load it. */
export function LazyProse(props: { text: string }): JSX.Element {
  return (
    <Suspense fallback={<p class="script">{props.text}</p>}>
      <Prose text={props.text} />
    </Suspense>
  );
}
