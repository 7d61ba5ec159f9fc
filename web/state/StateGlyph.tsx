import type { JSX } from 'solid-js';
import type { GlyphName } from './display.ts';

const mark = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': '1.6',
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;
const cut = {
  fill: 'none',
  stroke: 'var(--st-on)',
  'stroke-width': '1.6',
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;

const shapes: Record<GlyphName, () => JSX.Element> = {
  queued: () => <circle cx="8" cy="8" r="6" {...mark} stroke-linecap="butt" stroke-dasharray="1.7 2.07" />,
  provisioning: () => (
    <>
      <circle cx="8" cy="8" r="6" {...mark} stroke-linecap="butt" stroke-dasharray="5.4 4.02" stroke-dashoffset="2.7" />
      <circle cx="8" cy="8" r="1.6" fill="currentColor" />
    </>
  ),
  restoring: () => (
    <>
      <circle cx="8" cy="8" r="6.2" {...mark} stroke-width="1.4" opacity="0.45" />
      <path d="M8 4.7v5.8M5.7 8.3 8 10.6l2.3-2.3" {...mark} />
    </>
  ),
  running: () => (
    <>
      <circle cx="8" cy="8" r="6" {...mark} stroke-width="1.8" opacity="0.25" />
      <path d="M8 2a6 6 0 0 1 6 6" {...mark} stroke-width="1.8" />
    </>
  ),
  idle: () => (
    <>
      <circle cx="8" cy="8" r="6" {...mark} />
      <circle cx="8" cy="8" r="2" fill="currentColor" />
    </>
  ),
  snapshotting: () => (
    <>
      <circle cx="8" cy="8" r="6.2" {...mark} stroke-width="1.4" opacity="0.45" />
      <path d="M8 11.3V5.5M5.7 7.7 8 5.4l2.3 2.3" {...mark} />
    </>
  ),
  blocked: () => (
    <>
      <rect x="1.5" y="1.5" width="13" height="13" rx="4" fill="currentColor" />
      <path d="M6.2 6.3a1.9 1.9 0 0 1 3.8 0c0 1.4-1.9 1.5-1.9 2.9" {...cut} stroke-width="1.5" />
      <circle cx="8.1" cy="11.4" r="0.95" fill="var(--st-on)" />
    </>
  ),
  parked: () => (
    <>
      <rect x="2.2" y="2.2" width="11.6" height="11.6" rx="3.6" {...mark} stroke-width="1.5" />
      <path d="M6.5 5.8v4.4M9.5 5.8v4.4" {...mark} />
    </>
  ),
  succeeded: () => (
    <>
      <circle cx="8" cy="8" r="6.8" fill="currentColor" />
      <path d="M5.2 8.2l1.9 1.9 3.7-4" {...cut} />
    </>
  ),
  failed: () => (
    <>
      <circle cx="8" cy="8" r="6.8" fill="currentColor" />
      <path d="M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6" {...cut} />
    </>
  ),
  canceled: () => (
    <>
      <circle cx="8" cy="8" r="6" {...mark} />
      <path d="M4.1 11.9l7.8-7.8" {...mark} />
    </>
  ),
  lost: () => (
    <>
      <circle cx="8" cy="8" r="6" {...mark} stroke-linecap="butt" stroke-dasharray="2.6 2.11" />
      <path d="M6.1 6.1l3.8 3.8M9.9 6.1l-3.8 3.8" {...mark} />
    </>
  ),
  ended: () => (
    <>
      <circle cx="8" cy="8" r="6" {...mark} />
      <path d="M5.4 8h5.2" {...mark} />
    </>
  ),
};

/** The shape of a state, in the tone of the nearest state attribute. The label beside it speaks. */
export function StateGlyph(props: { name: GlyphName }): JSX.Element {
  return (
    <svg class="glyph" classList={{ turning: props.name === 'running' }} viewBox="0 0 16 16" aria-hidden="true">
      {shapes[props.name]()}
    </svg>
  );
}
