import { createEffect, createSignal, onCleanup, untrack, type Accessor } from 'solid-js';

/** An arrangement may change once the pointer has rested for this long, in milliseconds. */
const restMs = 1_500;

/**
 * Holds an arrangement still while the pointer moves over it, so that nothing moves away from under a hand; gives the
 * newest one as soon as the pointer rests or leaves.
 */
export function createCalm<T>(wanted: Accessor<T>): { readonly shown: Accessor<T>; readonly handlers: CalmHandlers } {
  const [moving, setMoving] = createSignal(false);
  const [shown, setShown] = createSignal(untrack(wanted));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = (): void => {
    clearTimeout(timer);
    setMoving(false);
  };
  createEffect(() => {
    const next = wanted();
    if (!moving()) setShown(() => next);
  });
  onCleanup(() => clearTimeout(timer));
  return {
    shown,
    handlers: {
      onPointerMove: (event) => {
        if (event.pointerType !== 'mouse') return;
        setMoving(true);
        clearTimeout(timer);
        timer = setTimeout(rest, restMs);
      },
      onPointerLeave: rest,
    },
  };
}

interface CalmHandlers {
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerLeave: () => void;
}
