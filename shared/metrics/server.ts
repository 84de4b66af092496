import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnvironmentError, errnoOf } from '../errors.ts';

/** Only this machine may ask: metrics name paths and processes, and need no password. */
const HOST = '127.0.0.1';

export type MetricsServerOptions = {
  /** 0: any free port. */
  port: number;
  contentType: string;
  metrics(): Promise<string>;
  isReady(): boolean;
};

export type MetricsServer = {
  url: string;
  /** Ends open connections too. May be called twice. */
  close(): Promise<void>;
};

/**
 * Serves /metrics (Prometheus), /healthz (this process answers) and /readyz (files are found and taken) over HTTP.
 *
 * @throws EnvironmentError `metrics.port` where the port cannot be had
 */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => void answer(request, response, options));
  const listening = Promise.withResolvers<void>();
  server.once('listening', listening.resolve);
  server.once('error', (error) => listening.reject(explain(error, options.port)));
  server.listen(options.port, HOST);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  const closed = Promise.withResolvers<void>();
  server.once('close', closed.resolve);
  return {
    url: `http://${HOST}:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
      return closed.promise;
    },
  };
}

async function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  { contentType, metrics, isReady }: MetricsServerOptions,
): Promise<void> {
  const say = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
    response.writeHead(status, { 'content-type': type }).end(method === 'HEAD' ? undefined : body);
  if (method !== 'GET' && method !== 'HEAD') return void say(405, 'only GET\n');
  const path = url?.split('?', 1)[0];
  if (path === '/healthz') return void say(200, 'alive\n');
  if (path === '/readyz') return void (isReady() ? say(200, 'ready\n') : say(503, 'not ready\n'));
  if (path !== '/metrics') return void say(404, 'there are /metrics, /healthz and /readyz\n');
  try {
    say(200, await metrics(), contentType);
  } catch (error) {
    say(500, `${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function explain(error: Error, port: number): Error {
  const errno = errnoOf(error);
  if (errno !== 'EADDRINUSE' && errno !== 'EACCES') return error;
  const why =
    errno === 'EADDRINUSE' ? 'is in use by another program' : 'needs more rights than this user has';
  return new EnvironmentError(`port ${port} for the metrics ${why}`, {
    code: 'metrics.port',
    op: 'listen',
    subject: String(port),
    hint: 'give another port with --metrics-port, or 0 for any that is free',
    cause: error,
  });
}
