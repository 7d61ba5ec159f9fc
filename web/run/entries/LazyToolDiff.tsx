import { lazy, Suspense, type JSX } from 'solid-js';
import type { EventOf } from '../model/transcript.ts';

const ToolDiff = lazy(() => import('./ToolDiff.tsx').then(({ ToolDiff }) => ({ default: ToolDiff })));

/** A diff, once what compares texts is there. Runs without one do not load it. */
export function LazyToolDiff(props: { diff: EventOf<'ItemDiffEvent'> }): JSX.Element {
  return (
    <Suspense fallback={<p class="line-note">{props.diff.path}</p>}>
      <ToolDiff diff={props.diff} />
    </Suspense>
  );
}
