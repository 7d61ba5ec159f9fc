import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node';

export interface TracesOptions {
  /** The base address of an OTLP/HTTP receiver; traces are off without it. */
  readonly endpoint: string | undefined;
  /** Such as baton-gateway. */
  readonly service: string;
  /** Which of its processes this is. */
  readonly instance: string;
}

/** Traces that are being sent. */
export interface Traces {
  readonly resource: Resource;
  readonly processor: SpanProcessor;
  /** Sends what waits to be sent. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Starts to send OpenTelemetry traces, in batches, where a receiver was named; null otherwise. How much is sampled, and
 * headers for the receiver, are OpenTelemetry's own settings: OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS.
 */
export function startTraces({ endpoint, service, instance }: TracesOptions): Traces | null {
  if (endpoint === undefined) return null;
  const resource = Resource.default().merge(new Resource({ 'service.name': service, 'service.instance.id': instance }));
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1_000 });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  provider.register();
  return { resource, processor, stop: () => provider.shutdown().catch(() => {}) };
}
