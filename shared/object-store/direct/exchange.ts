import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Header } from './sign.ts';

/** As in `StoreOptions`. */
export type Times = { connectMs: number; idleMs: number; requestMs: number };

export type Asked = {
  isTls: boolean;
  host: string;
  port: number | undefined;
  method: string;
  path: string;
  headers: readonly Header[];
  body: Buffer | undefined;
};

/** `isBare`: 200 without a body, so that there is nothing more to read, and the connection is free for the next request. */
export type Answered = { response: IncomingMessage; isBare: boolean };

/**
 * Sends one request, once.
 *
 * @throws what the socket does; TimeoutError; AbortError where the signal comes first
 */
export function exchange(asked: Asked, agent: Agent, times: Times, signal: AbortSignal): Promise<Answered> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return void reject(aborted(signal));
    const { isTls, host, port, method, path, headers, body } = asked;
    const request = (isTls ? httpsRequest : httpRequest)({
      host,
      port,
      method,
      path,
      headers: headers.flat(),
      agent,
      timeout: times.idleMs,
    });
    let bare: IncomingMessage | undefined;
    const fail = (error: Error): void => {
      reject(error);
      request.destroy(error);
    };
    const onAbort = (): void => fail(aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    const late = setTimeout(() => fail(timedOut('gave no answer', times.requestMs)), times.requestMs);
    request.on('timeout', () => fail(timedOut('was silent', times.idleMs)));
    request.on('socket', (socket) => limitConnecting(socket, isTls, times.connectMs, fail));
    request.on('error', reject);
    request.on('response', (response) => {
      clearTimeout(late);
      if (!isBare(response, method)) return resolve({ response, isBare: false });
      bare = response;
      response.resume();
    });
    request.on('close', () => {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
      if (bare?.complete === true) resolve({ response: bare, isBare: true });
      else reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    });
    request.end(body);
  });
}

const isBare = ({ statusCode, headers }: IncomingMessage, method: string): boolean =>
  statusCode === 200 && (method === 'HEAD' || headers['content-length'] === '0');

function limitConnecting(
  socket: Socket,
  isTls: boolean,
  connectMs: number,
  fail: (error: Error) => void,
): void {
  if (!socket.connecting) return;
  const late = setTimeout(() => fail(timedOut('did not take the connection', connectMs)), connectMs);
  const clear = (): void => clearTimeout(late);
  socket.once(isTls ? 'secureConnect' : 'connect', clear);
  socket.once('close', clear);
}

/** By their names, as the SDK has them. */
const timedOut = (what: string, afterMs: number): Error =>
  Object.assign(new Error(`the server ${what} for ${afterMs} ms`), { name: 'TimeoutError' });

const aborted = (signal: AbortSignal): Error =>
  Object.assign(new Error('the request was stopped', { cause: signal.reason }), { name: 'AbortError' });
