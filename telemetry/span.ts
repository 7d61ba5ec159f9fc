import { SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import { contextOf } from './traceContext.ts';

export interface SpanOptions {
  /** The trace it belongs to, as it was noted when it was asked for; null: the active one. */
  readonly trace: string | null;
  readonly attributes: Attributes;
}

/**
 * Does the work in a span. Where it belongs to another trace than what is active, as a message does that joined a
 * session, the two are linked.
 */
export function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const active = trace.getActiveSpan()?.spanContext();
  const parent = contextOf(options.trace);
  const sameTrace = active?.traceId === trace.getSpanContext(parent)?.traceId;
  const links = active && !sameTrace ? [{ context: active }] : [];
  return trace.getTracer('baton').startActiveSpan(name, { attributes: options.attributes, links }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
