import { createSignal, onCleanup, Show, type JSX } from 'solid-js';

/** Shows its content once it has been wanted for 200 ms: what comes sooner needs no skeleton. */
export function Delayed(props: { children: JSX.Element; ms?: number }): JSX.Element {
  const [due, setDue] = createSignal(false);
  const timer = setTimeout(() => setDue(true), props.ms ?? 200);
  onCleanup(() => clearTimeout(timer));
  return <Show when={due()}>{props.children}</Show>;
}
