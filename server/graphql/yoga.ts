import { GraphQLError } from 'graphql';
import { createYoga, isAsyncIterable, maskError, type Plugin } from 'graphql-yoga';
import { authenticate, credentialIn, type Credential } from '../auth/authenticate.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { Services } from '../schema/context.ts';
import { limitTokens } from '../limits/documentTokens.ts';
import type { ViewerLimits } from '../limits/viewerLimits.ts';
import { ApiError } from '../schema/apiError.ts';
import { schema } from '../schema/schema.ts';
import type { LiveViewers } from './liveViewer.ts';
import { traceMutations } from './traceMutations.ts';

const unauthenticated = () =>
  new GraphQLError('Sign in, or send an API token: Authorization: Bearer <token>.', {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
  });

/**
 * GraphQL over HTTP and SSE. An expected failure that a field has no place for comes as a GraphQL error with its code;
 * everything else is logged here and masked there.
 */
export function createGraphql(
  services: Services,
  liveViewers: LiveViewers,
  { graphiql, limits, maxTokens }: { graphiql: boolean; limits: ViewerLimits; maxTokens: number },
) {
  return createYoga<object, Services>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: graphiql && {
      title: 'Baton',
      defaultQuery: '# docs/live-protocol.md has the rules of subscriptions.\nquery { viewer { name } }\n',
    },
    landingPage: false,
    cors: false,
    batching: false,
    logging: false,
    maskedErrors: {
      maskError: (error, message, isDev) => {
        const original = error instanceof GraphQLError ? error.originalError : error;
        if (original instanceof ApiError) return new GraphQLError(original.message, { extensions: { code: original.code } });
        // An error of the request's own text or variables, or one that was made for the client.
        if (error instanceof GraphQLError && (!original || original instanceof GraphQLError)) return error;
        services.log.error({ err: original }, 'a resolver failed');
        return maskError(error, message, isDev);
      },
    },
    plugins: [viewerFromRequest(services, liveViewers), limitTokens(maxTokens), limits.plugin(), traceMutations()],
    context: () => services,
  });
}

/** What a request's context holds besides what resolvers see. */
interface FromRequest {
  viewer: Viewer;
  readonly credential?: Credential;
}

/**
 * Requests over HTTP say in each who they are; a socket has said so when it was opened. A stream of events lives as long
 * as a socket: while it does, its viewer's rights are kept fresh, and it completes when they have ended.
 */
function viewerFromRequest(services: Services, liveViewers: LiveViewers): Plugin {
  return {
    onContextBuilding: async ({ context, extendContext }) => {
      const { request, viewer } = context as { request?: Request; viewer?: Viewer };
      if (viewer) return;
      const headers = request?.headers;
      const credential = headers && credentialIn({ authorization: headers.get('authorization'), cookie: headers.get('cookie') });
      const found = credential && (await authenticate(services.database, credential));
      if (!found) throw unauthenticated();
      extendContext({ viewer: found, credential } as never);
    },
    onSubscribe: ({ args }) => ({
      onSubscribeResult: ({ result }) => {
        const context = args.contextValue as unknown as FromRequest;
        if (!context.credential || !isAsyncIterable(result)) return {};
        const live = liveViewers.open(context.credential, context.viewer, () => void result.return?.());
        Object.defineProperty(context, 'viewer', { get: () => live.current });
        return { onEnd: () => liveViewers.close(live) };
      },
    }),
  };
}
