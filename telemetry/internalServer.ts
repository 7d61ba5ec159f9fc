import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { counted } from './metrics.ts';
import { answerProbe } from './probes.ts';
import type { Readiness } from './readiness.ts';

export interface InternalServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly readiness: Readiness;
  /** What is read when Prometheus asks, beside what this process counts. */
  readonly metrics: Registry;
  readonly onError: (error: unknown) => void;
}

export interface InternalServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves `/healthz`, `/readyz` and Prometheus' `/metrics` to whoever runs the process. Rejects when the port is taken. */
export async function startInternalServer(options: InternalServerOptions): Promise<InternalServer> {
  const { host, port, readiness, metrics, onError } = options;
  const all = Registry.merge([counted, metrics]);
  const server = createServer((request, response) => {
    if (answerProbe(readiness, request, response)) return;
    if ((request.url ?? '/').split('?', 1)[0] === '/metrics') void answerMetrics(all, response, onError);
    else
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('/healthz, /readyz and /metrics are here.\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerMetrics(metrics: Registry, response: ServerResponse, onError: (error: unknown) => void): Promise<void> {
  try {
    const text = await metrics.metrics();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } catch (error) {
    onError(error);
    response
      .writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
      .end('The metrics could not be read; the log says why.\n');
  }
}
