import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/worker/index.js';
import type { InjectedSinks, WorkerOptions } from '@temporalio/worker';
import type { Traces } from '../telemetry/traces.ts';

/** What a poller needs to send the spans of activities and workflows. Traced workflows have them also where traces are off. */
export function workerTraces(traces: Traces | null): Pick<WorkerOptions, 'interceptors' | 'sinks'> {
  if (!traces) return { sinks: { exporter: { export: { fn: () => {} } } } as InjectedSinks<never> };
  return {
    sinks: { exporter: makeWorkflowExporter(traces.processor, traces.resource) } as unknown as InjectedSinks<never>,
    interceptors: { activity: [(context) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(context) })] },
  };
}
