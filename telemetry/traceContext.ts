import { context, propagation, type Context } from '@opentelemetry/api';

/**
 * The trace that what happens now belongs to, as W3C's `traceparent`: https://www.w3.org/TR/trace-context/
 * Null when there is none, which is always so while traces are off.
 */
export function activeTrace(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}

/** The context of a trace that was noted before; the active one when none was. */
export function contextOf(trace: string | null): Context {
  return trace === null ? context.active() : propagation.extract(context.active(), { traceparent: trace });
}

/** Does the work as a part of a trace that was noted before. */
export const withTrace = <T>(trace: string | null, work: () => T): T => context.with(contextOf(trace), work);
