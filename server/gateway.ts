import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { openBlobStore } from '../blobs/openBlobStore.ts';
import { faultAt } from '../config/fault.ts';
import type { GatewayConfig } from '../config/gateway.ts';
import { Follower } from '../journal/follow.ts';
import { openJournal } from '../journal/journal.ts';
import { secretBox } from '../journal/secretBox.ts';
import { startInternalServer } from '../telemetry/internalServer.ts';
import { answerProbe } from '../telemetry/probes.ts';
import { Readiness } from '../telemetry/readiness.ts';
import type { Traces } from '../telemetry/traces.ts';
import { Oidc } from './auth/oidc.ts';
import { signInRoutes } from './auth/routes.ts';
import { openDatabase } from './database.ts';
import { isExport, serveExport } from './exports/serveExports.ts';
import { LiveViewers } from './graphql/liveViewer.ts';
import { serveWebSockets } from './graphql/webSocket.ts';
import { createGraphql } from './graphql/yoga.ts';
import { gatewayMetrics } from './gatewayMetrics.ts';
import { Admission } from './http/admission.ts';
import { followRequests } from './http/inFlight.ts';
import { serveViewer } from './http/viewerFiles.ts';
import { readBody } from './limits/requestBody.ts';
import { ViewerLimits } from './limits/viewerLimits.ts';
import { RunChanges } from './live/runChanges.ts';
import { startResealing } from './resealing.ts';
import { startHousekeeping } from './retention/housekeeping.ts';
import { startReconciler } from './temporal/reconciler.ts';
import { startSweeper } from './temporal/sweeper.ts';
import { Waker } from './temporal/waker.ts';
import type { Services } from './schema/context.ts';

export interface Gateway {
  /** The port of `/metrics` and the probes; null when there is none. */
  readonly internalPort: number | null;
  /** The address that people open. */
  readonly url: string;
  readonly port: number;
  /** Accepts nothing more, closes the sockets with 1001, so that clients go elsewhere, answers what was asked, and lets go of everything. */
  stop(): Promise<void>;
}

/** Starts a gateway. Rejects when its port is taken (EADDRINUSE); whatever else is down, it comes up and says so in runs. */
export async function startGateway(config: GatewayConfig, log: Logger, traces: Traces | null = null): Promise<Gateway> {
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
    traced: traces !== null,
  });

  const server = createServer();
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  const url = (config.BATON_PUBLIC_URL ?? `http://${config.HOST}:${port}`).replace(/\/$/, '');

  const blobs = openBlobStore({ place: config.BATON_BLOBS, masterKey: config.masterKey, previousKeys: config.previousKeys });
  const box = secretBox(config.masterKey, config.previousKeys);
  const services: Services = {
    database,
    journal,
    follower: new Follower(journal, warn),
    runChanges: new RunChanges(journal, warn),
    waker,
    blobs,
    secretBox: box,
    keeping: { journal, blobs, graceMs: config.BATON_BLOB_GRACE_MINUTES * 60_000 },
    log,
    publicUrl: url,
    oidc: config.oidc && new Oidc(config.oidc, url),
  };
  const readiness = new Readiness(
    [
      { part: 'database', check: () => journal.pool.query('SELECT 1') },
      { part: 'temporal', check: () => waker.check() },
      { part: 'blobs', check: () => services.blobs.check() },
    ],
    (part, error) => log.warn({ err: error, needs: part }, 'a part that the gateway needs cannot be reached'),
  );
  const internal =
    config.BATON_GATEWAY_INTERNAL_PORT === undefined
      ? null
      : await startInternalServer({
          host: config.BATON_INTERNAL_HOST,
          port: config.BATON_GATEWAY_INTERNAL_PORT,
          readiness,
          metrics: gatewayMetrics(services),
          onError: (error) => warn('the metrics could not be read', error),
        });
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
  const closeRequests = followRequests(server);
  const signIn = signInRoutes(services, config.BATON_SIGN_INS_PER_MINUTE);
  const viewer = serveViewer(config.BATON_WEB_ROOT);
  const maxBodyBytes = config.BATON_MAX_BODY_BYTES;
  server.on('request', route({ services, readiness, admission, signIn, maxBodyBytes, graphql, viewer }));
  const closeSockets = serveWebSockets(server, graphql, services, {
    admission,
    liveViewers,
    limits,
    maxPayload: config.BATON_MAX_BODY_BYTES,
  });
  const stopHousekeeping = startHousekeeping(services.keeping, waker, log);
  const stopResealing = startResealing(journal, box, log);
  const stopSweeping = startSweeper(journal, waker, log, { startDeadlineHours: config.BATON_START_DEADLINE_HOURS });

  const stopReconciling = startReconciler(journal, waker, log);

  return {
    url,
    port,
    internalPort: internal?.port ?? null,
    stop: async () => {
      readiness.drain();
      await Promise.all([
        closeRequests(),
        closeSockets(),
        stopSweeping(),
        stopReconciling(),
        stopHousekeeping(),
        stopResealing(),
      ]);
      liveViewers.stop();
      await internal?.stop();
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

interface Routes {
  readonly services: Services;
  readonly readiness: Readiness;
  readonly admission: Admission;
  readonly signIn: ReturnType<typeof signInRoutes>;
  readonly maxBodyBytes: number;
  readonly graphql: Handler;
  readonly viewer: Handler;
}

function route({ services, readiness, admission, signIn, maxBodyBytes, graphql, viewer }: Routes): Handler {
  return (request, response) => {
    // Asked by address, by whoever keeps this process running.
    if (answerProbe(readiness, request, response)) return;
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
      return;
    }
    if (isExport(path)) {
      serveExport(services, request, response).catch((error: unknown) => {
        services.log.error({ err: error }, 'a download failed');
        response.destroy();
      });
      return;
    }
    if (signIn(path, request, response)) return;
    return viewer(request, response);
  };
}
