import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Exchange, type SeenRequest } from './exchange.ts';
import { type Fault, type Hold, hold } from './faults.ts';

/** Which requests: all of this method whose path, as it stands in the request line, matches; of these so many, or all. */
export type Match = { method?: string; path?: RegExp; times?: number };

/** A request that is held, with the process that sent it waiting. */
export type Pause = {
  /** The request, when it is held. */
  reached: Promise<SeenRequest>;
  /** Lets it go on; may be called twice. */
  release(): void;
};

type Rule = { match: Match; fault: Fault; left: number };

/**
 * Starts a proxy between a client and the server at `targetUrl`, which does to requests what the test says and passes on all others as they
 * are, with the Host header that the client has signed. It ends with the test.
 */
export async function startFaultProxy(context: TestContext, targetUrl: string): Promise<FaultProxy> {
  const proxy = new FaultProxy(targetUrl, createServer());
  context.after(() => proxy.stop());
  await proxy.listen();
  return proxy;
}

export class FaultProxy {
  /** What came by, in the order in which it came. */
  readonly requests: SeenRequest[] = [];
  readonly #target: URL;
  readonly #server: Server;
  readonly #scheme: string;
  readonly #rules: Rule[] = [];
  #restored = Promise.withResolvers<void>();
  #port = 0;

  constructor(targetUrl: string, server: Server, scheme = 'http') {
    this.#target = new URL(targetUrl);
    this.#server = server;
    this.#scheme = scheme;
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      void this.#handle(request, response);
    server.on('request', handle);
    // Otherwise Node says by itself that the client may go on.
    server.on('checkContinue', handle);
    // Who waits here decides for how long, and that is never the proxy.
    Object.assign(server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  /** From now on does this to the requests that match; of several that match a request, the one said last. */
  fail(match: Match, fault: Fault): void {
    this.#rules.unshift({ match, fault, left: match.times ?? Number.POSITIVE_INFINITY });
  }

  /** Holds the next request that matches at a certain place, so that something can be done exactly then. */
  pauseAt(match: Match, at: Hold = 'request'): Pause {
    const reached = Promise.withResolvers<SeenRequest>();
    const released = Promise.withResolvers<void>();
    const wait = async (exchange: Exchange) => {
      reached.resolve(exchange.seen);
      await Promise.race([released.promise, exchange.restored]);
    };
    this.fail({ times: 1, ...match }, hold(at, wait));
    return { reached: reached.promise, release: released.resolve };
  }

  /** Listens no more and ends the connections there are: who connects sees ECONNREFUSED, until all is restored. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** From now on everything is passed on again, and what was held goes on. */
  async restore(): Promise<void> {
    this.#rules.length = 0;
    this.#restored.resolve();
    this.#restored = Promise.withResolvers<void>();
    if (!this.#server.listening) await this.listen();
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return this.refuse();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(this.#target, request, response, this.#restored.promise);
    this.requests.push(exchange.seen);
    const rule = this.#rules.find((candidate) => applies(candidate, exchange.seen));
    if (rule !== undefined) rule.left -= 1;
    try {
      await (rule === undefined ? exchange.pass() : rule.fault(exchange));
    } catch {
      // Whichever side was lost, the client is to see it, as it would without a proxy.
      exchange.reset();
    }
  }
}

const applies = ({ match, left }: Rule, { method, path }: SeenRequest): boolean =>
  left > 0 &&
  (match.method === undefined || match.method === method) &&
  (match.path === undefined || match.path.test(path));
