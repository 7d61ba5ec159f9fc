import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/workflow/index.js';
import type { WorkflowInterceptors } from '@temporalio/workflow';

/** The header by which OpenTelemetry's interceptors hand a trace on. */
const traceHeader = '_tracer-data';

/**
 * Spans of workflows whose start came with a trace. Any other execution runs as if there were no interceptors: they
 * change the order of what happens inside an activation, and whether they are there must follow from the history alone,
 * not from how a worker is set.
 */
export function interceptors(): WorkflowInterceptors {
  let inbound: OpenTelemetryInboundInterceptor | null = null;
  let outbound: OpenTelemetryOutboundInterceptor | null = null;
  const internals = new OpenTelemetryInternalsInterceptor();
  return {
    inbound: [
      {
        execute: (input, next) => {
          if (input.headers[traceHeader] === undefined) return next(input);
          inbound = new OpenTelemetryInboundInterceptor();
          outbound = new OpenTelemetryOutboundInterceptor();
          return inbound.execute(input, next);
        },
        handleSignal: (input, next) => (inbound ? inbound.handleSignal(input, next) : next(input)),
        handleUpdate: (input, next) => (inbound ? inbound.handleUpdate(input, next) : next(input)),
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => (outbound ? outbound.scheduleActivity(input, next) : next(input)),
        startChildWorkflowExecution: (input, next) =>
          outbound ? outbound.startChildWorkflowExecution(input, next) : next(input),
        signalWorkflow: (input, next) => (outbound ? outbound.signalWorkflow(input, next) : next(input)),
        continueAsNew: (input, next) => (outbound ? outbound.continueAsNew(input, next) : next(input)),
      },
    ],
    internals: [{ dispose: (input, next) => (inbound ? void internals.dispose(input, next) : next(input)) }],
  };
}
