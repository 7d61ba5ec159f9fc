import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { directoryStore } from '../blobs/directoryStore.ts';
import { faultAt } from '../config/fault.ts';
import type { GatewayConfig } from '../config/gateway.ts';
import { Follower } from '../journal/follow.ts';
import { openJournal } from '../journal/journal.ts';
import { Oidc } from './auth/oidc.ts';
import { signInRoutes } from './auth/routes.ts';
import { openDatabase } from './database.ts';
import { serveWebSockets } from './graphql/webSocket.ts';
import { LiveViewers } from './graphql/liveViewer.ts';
import { isExport, serveExport } from './exports/serveExports.ts';
import { createGraphql } from './graphql/yoga.ts';
import { Admission } from './http/admission.ts';
import { serveViewer } from './http/viewerFiles.ts';
import { readBody } from './limits/requestBody.ts';
import { ViewerLimits } from './limits/viewerLimits.ts';
import { RunChanges } from './live/runChanges.ts';
import { startHousekeeping } from './retention/housekeeping.ts';
import { startReconciler } from './temporal/reconciler.ts';
import { startSweeper } from './temporal/sweeper.ts';
import { Waker } from './temporal/waker.ts';
import type { Services } from './schema/context.ts';

export interface Gateway {
  /** The address that people open. */
  readonly url: string;
  readonly port: number;
  /** Closes the sockets with 1001, so that clients go elsewhere, and lets go of everything. */
  stop(): Promise<void>;
}

/** Starts a gateway. Rejects when its port is taken (EADDRINUSE); whatever else is down, it comes up and says so in runs. */
export async function startGateway(config: GatewayConfig, log: Logger): Promise<Gateway> {
  const warn = (message: string, error: unknown) => log.warn({ err: error }, message);
  const journal = openJournal({
    databaseUrl: config.DATABASE_URL,
    applicationName: 'baton-gateway',
    quotas: {
      runningSessions: config.BATON_QUOTA_RUNNING_SESSIONS ?? null,
      storageBytes: config.BATON_QUOTA_STORAGE_BYTES ?? null,
    },
    onWarning: warn,
    reached: faultAt(config),
  });
  const database = openDatabase(config.DATABASE_URL);
  const waker = new Waker(journal, log, {
    address: config.TEMPORAL_ADDRESS,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.BATON_TASK_QUEUE,
  });

  const server = createServer();
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  const url = (config.BATON_PUBLIC_URL ?? `http://${config.HOST}:${port}`).replace(/\/$/, '');

  const blobs = directoryStore({ directory: config.BATON_BLOBS, masterKey: config.masterKey });
  const services: Services = {
    database,
    journal,
    follower: new Follower(journal, warn),
    runChanges: new RunChanges(journal, warn),
    waker,
    blobs,
    keeping: { journal, blobs, graceMs: config.BATON_BLOB_GRACE_MINUTES * 60_000 },
    log,
    publicUrl: url,
    oidc: config.oidc && new Oidc(config.oidc, url),
  };
  const admission = new Admission(url, config.BATON_ALLOWED_HOSTS);
  const limits = new ViewerLimits({
    operationsPerMinute: config.BATON_OPERATIONS_PER_MINUTE,
    operationsAtOnce: config.BATON_OPERATIONS_AT_ONCE,
    subscriptions: config.BATON_SUBSCRIPTIONS_PER_VIEWER,
    sockets: config.BATON_SOCKETS_PER_VIEWER,
  });
  const liveViewers = new LiveViewers(database, journal);
  const graphql = createGraphql(services, liveViewers, {
    graphiql: config.BATON_GRAPHIQL,
    limits,
    maxTokens: config.BATON_MAX_DOCUMENT_TOKENS,
  });
  const signIn = signInRoutes(services, config.BATON_SIGN_INS_PER_MINUTE);
  server.on(
    'request',
    route(services, signIn, config.BATON_MAX_BODY_BYTES, admission, graphql, serveViewer(config.BATON_WEB_ROOT)),
  );
  const closeSockets = serveWebSockets(server, graphql, services, {
    admission,
    liveViewers,
    limits,
    maxPayload: config.BATON_MAX_BODY_BYTES,
  });
  const stopHousekeeping = startHousekeeping(services.keeping, waker, log);
  const stopSweeping = startSweeper(journal, waker, log, { startDeadlineHours: config.BATON_START_DEADLINE_HOURS });

  const stopReconciling = startReconciler(journal, waker, log);

  return {
    url,
    port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([closeSockets(), stopSweeping(), stopReconciling(), stopHousekeeping()]);
      server.closeAllConnections();
      await closed;
      liveViewers.stop();
      await waker.close();
      await Promise.all([journal.close(), database.$disconnect()]);
    },
  };
}

function listen(server: Server, { HOST, PORT }: GatewayConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

type SignInRoutes = ReturnType<typeof signInRoutes>;

function route(
  services: Services,
  signIn: SignInRoutes,
  maxBodyBytes: number,
  admission: Admission,
  graphql: Handler,
  viewer: Handler,
): Handler {
  return (request, response) => {
    const refused = admission.refuse(request);
    if (refused) {
      response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(`${refused}\n`);
      return;
    }
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === '/graphql') {
      readBody(request, response, maxBodyBytes).then(
        (read) => read && graphql(request, response),
        // The client went away before it had said all.
        () => response.destroy(),
      );
      if (isExport(path)) {
        serveExport(services, request, response).catch((error: unknown) => {
          services.log.error({ err: error }, 'a download failed');
          response.destroy();
        });
        return;
      }
      return;
    }
    if (signIn(path, request, response)) return;
    return viewer(request, response);
  };
}
