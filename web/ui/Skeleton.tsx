import { For, type JSX } from 'solid-js';
import { Delayed } from './Delayed.tsx';

/** The bones of what is being loaded, in lines of these widths in per cent. */
export function Skeleton(props: { label: string; widths: readonly number[] }): JSX.Element {
  return (
    <Delayed>
      <div class="skeleton" role="status" aria-busy="true" aria-label={props.label}>
        <For each={props.widths}>
          {(width) => (
            <div class="skeleton-row">
              <span class="bone dot" />
              <span class="bone strong" style={{ width: `${width}%` }} />
              <span class="bone" style={{ width: `${20 + (width % 30)}px` }} />
            </div>
          )}
        </For>
      </div>
    </Delayed>
  );
}
