import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';

/** A request that came by, and what has become of it by now. */
export type SeenRequest = {
  method: string;
  /** As it stands in the request line: encoded, and with its query. */
  path: string;
  /** How much of the body was taken from the client. */
  bodyBytes: number;
  /** What the client was answered, if it was. */
  status?: number;
};

/** Changes bytes on their way, holds them up, or ends them by throwing. */
export type Through = (bytes: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/** Of one connection only, and so not for the next. */
const OF_A_CONNECTION = new Set(['connection', 'keep-alive']);

/** One request between client and server. What a fault does not change is passed on as it is, above all the signed headers. */
export class Exchange {
  readonly seen: SeenRequest;
  /** Fulfilled when the proxy is told to restore all. */
  readonly restored: Promise<void>;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #target: URL;

  constructor(target: URL, request: IncomingMessage, response: ServerResponse, restored: Promise<void>) {
    const { method = '', url: path = '' } = request;
    this.seen = { method, path, bodyBytes: 0 };
    this.restored = restored;
    this.#request = request;
    this.#response = response;
    this.#target = target;
  }

  /** Passes the request on, and the answer back. */
  async pass(): Promise<void> {
    await this.relay(await this.send());
  }

  /** Passes the request on. @returns the server's answer, which may come before the body has been sent */
  async send(through: Through = asItIs): Promise<IncomingMessage> {
    const upstream = this.#open();
    const answered = once(upstream, 'response');
    // Both may fail, and the first failure is the one that says why.
    const sent = pump(through(this.#body()), upstream);
    sent.catch((error) => upstream.destroy(error));
    const [answer] = await answered;
    return answer;
  }

  async relay(answer: IncomingMessage, through: Through = asItIs): Promise<void> {
    const headers = pairs(answer.rawHeaders).filter(([name]) => !OF_A_CONNECTION.has(name.toLowerCase()));
    this.seen.status = answer.statusCode ?? 0;
    this.#response.writeHead(this.seen.status, answer.statusMessage ?? '', headers.flat());
    this.#response.flushHeaders();
    await pump(through(answer), this.#response);
  }

  /** Takes all of the body and answers by itself. */
  async answer(status: number, body = '', headers: Record<string, string> = {}): Promise<void> {
    if (this.#request.headers.expect !== undefined) this.#response.writeContinue();
    for await (const _ of this.#body());
    this.say(status, body, headers);
  }

  /** Answers without another look at the request. */
  say(status: number, body = '', headers: Record<string, string> = {}): void {
    this.seen.status = status;
    this.#response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    this.#response.end(this.#request.method === 'HEAD' ? '' : body);
  }

  /** Writes bytes to the client as they are, and ends the connection in order. */
  end(bytes: Buffer): void {
    this.#request.socket.end(bytes);
  }

  /** Ends the connection with the client the hard way: it sees ECONNRESET, or the end of the connection in TLS. */
  reset(): void {
    const { socket } = this.#request;
    // There is no such thing as a reset within TLS.
    if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy();
  }

  #open(): ClientRequest {
    const { method, url, rawHeaders } = this.#request;
    const headers = pairs(rawHeaders).filter(([name]) => !OF_A_CONNECTION.has(name.toLowerCase()));
    headers.push(['Connection', 'close']);
    // Without either there is no body, which Node would say in chunks.
    const bodied = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
    if (!bodied && method !== 'GET' && method !== 'HEAD') headers.push(['Content-Length', '0']);
    const { hostname: host, port } = this.#target;
    const upstream = request({ host, port, method, path: url, headers: headers.flat(), agent: false });
    upstream.on('continue', () => {
      if (!this.#response.headersSent) this.#response.writeContinue();
    });
    // What fails after the answer has come is seen there.
    upstream.on('error', () => {});
    this.#response.on('close', () => {
      // The server is not left waiting for a client that is gone.
      if (!this.#response.writableFinished) upstream.destroy();
    });
    return upstream;
  }

  async *#body(): AsyncIterable<Buffer> {
    for await (const bytes of this.#request.iterator({ destroyOnReturn: false })) {
      this.seen.bodyBytes += bytes.length;
      yield bytes;
    }
  }
}

/** Ends with the bytes, or with the first that throws; who does not want them any more gets none, and they are taken all the same. */
async function pump(bytes: AsyncIterable<Buffer>, into: Writable): Promise<void> {
  for await (const piece of bytes) await new Promise<void>((resolve) => into.write(piece, () => resolve()));
  into.end();
}

const asItIs: Through = (bytes) => bytes;

const pairs = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as [string, string]] : []));
