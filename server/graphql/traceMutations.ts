import { context, propagation, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/**
 * Each mutation is a span, the beginning of what it sets going: the trace goes on in the log, in Temporal and in the
 * worker. A client that has a trace of its own sends `traceparent`.
 */
export function traceMutations(): Plugin {
  return {
    onExecute: ({ args, executeFn, setExecuteFn }) => {
      const name = mutationIn(args.document, args.operationName);
      if (name === null) return;
      const parent = contextFrom((args.contextValue as { request?: Request }).request);
      setExecuteFn((given) =>
        trace.getTracer('baton').startActiveSpan(`mutation ${name}`, { kind: SpanKind.SERVER }, parent, async (span) => {
          try {
            const result = (await executeFn(given)) as ExecutionResult;
            if (result?.errors?.length) span.setStatus({ code: SpanStatusCode.ERROR });
            return result;
          } finally {
            span.end();
          }
        }),
      );
    },
  };
}

/** The first field of the mutation that is asked for; null when it is none. */
function mutationIn(document: DocumentNode, operationName: string | null | undefined): string | null {
  for (const definition of document.definitions) {
    if (definition.kind !== 'OperationDefinition' || definition.operation !== 'mutation') continue;
    if (operationName && definition.name?.value !== operationName) continue;
    const field = definition.selectionSet.selections.find((selection) => selection.kind === 'Field');
    return field?.name.value ?? null;
  }
  return null;
}

function contextFrom(request: Request | undefined): Context {
  const traceparent = request?.headers.get('traceparent');
  return traceparent ? propagation.extract(context.active(), { traceparent }) : context.active();
}
