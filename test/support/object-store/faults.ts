import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange, Through } from './exchange.ts';

/** What becomes of a request instead of being passed on. */
export type Fault = (exchange: Exchange) => void | Promise<void>;

/** The connection is reset when the head of the request is there; the server never hears of it. */
export const resetAtOnce: Fault = (exchange) => exchange.reset();

/** The connection is reset when so much of the body has been passed on, or all of it: the server gets a body that ends too early. */
export const resetMidBody =
  (afterBytes: number): Fault =>
  async (exchange) => {
    await exchange.send(after(afterBytes, () => Promise.reject(new Error('reset in the middle of a body'))));
  };

/** The server did what it was asked for, and answered; the client sees a reset. */
export const resetBeforeReply: Fault = async (exchange) => {
  await contentOf(await exchange.send());
  exchange.reset();
};

/** The request is taken and not answered, and the server does not hear of it, until all is restored; then it goes on. */
export const stall: Fault = hold('request', (exchange) => exchange.restored);

/** The server gets so much of the body and then nothing more, nor is more taken from the client, until all is restored. */
export const stallMidBody = (afterBytes: number): Fault =>
  hold({ afterBytes }, (exchange) => exchange.restored);

/** The server did what it was asked for, and answered; the client hears nothing until all is restored. */
export const stallReply: Fault = hold('reply', (exchange) => exchange.restored);

/** The body is taken, and answered with this; the server does not hear of it. */
export const status =
  (code: number, body?: string, headers?: Record<string, string>): Fault =>
  (exchange) =>
    exchange.answer(code, body, headers);

/** The server did what it was asked for, and answered; the client is answered with this. */
export const statusAfterBody =
  (code: number, body?: string, headers?: Record<string, string>): Fault =>
  async (exchange) => {
    await contentOf(await exchange.send());
    exchange.say(code, body, headers);
  };

/** The client gets half of the server's answer, of its head where it has no body, and then the end of the connection. */
export const cutReply: Fault = async (exchange) => {
  const answer = await exchange.send();
  const body = await contentOf(answer);
  const lines = answer.rawHeaders.flatMap((name, index, all) => {
    if (index % 2 === 1) return [];
    // The chunks are put together by now.
    return /^transfer-encoding$/i.test(name)
      ? `Content-Length: ${body.length}`
      : `${name}: ${all[index + 1]}`;
  });
  const start = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`;
  const head = Buffer.from(`${[start, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
  const half = body.length > 1 ? head.length + (body.length >> 1) : head.length >> 1;
  exchange.end(Buffer.concat([head, body]).subarray(0, half));
};

/** Bodies pass with this many bytes in a second, in both directions. */
export const slow =
  (bytesPerSecond: number): Fault =>
  async (exchange) => {
    const slowly = inPieces(Math.max(1, Math.round(bytesPerSecond / 10)));
    await exchange.relay(await exchange.send(slowly), slowly);
  };

const errorXml = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
const XML = { 'content-type': 'application/xml' };

/** What S3 answers to somebody who asks too much. */
export const slowDown: Fault = status(503, errorXml('SlowDown', 'Please reduce your request rate.'), XML);

export const internalError: Fault = status(500, errorXml('InternalError', 'Please try again.'), XML);

/** What a load balancer answers that has lost its servers. */
export const htmlUnavailable: Fault = status(503, '<html><body>No server is available</body></html>', {
  'content-type': 'text/html',
});

/** The server did as it was asked, and the client is told of an internal error. */
export const internalErrorAfterBody: Fault = statusAfterBody(
  500,
  errorXml('InternalError', 'Please try again.'),
  XML,
);

/** Where a request can be held: before the server hears of it, within its body, or when the server has done all and answered. */
export type Hold = 'request' | { afterBytes: number } | 'reply';

/** A request waits there for something, and then goes on. */
export function hold(at: Hold, wait: (exchange: Exchange) => Promise<void>): Fault {
  return async (exchange) => {
    const waitHere = () => wait(exchange);
    if (at === 'request') await waitHere();
    const answer = await exchange.send(typeof at === 'object' ? after(at.afterBytes, waitHere) : undefined);
    if (at !== 'reply') return exchange.relay(answer);
    const content = await contentOf(answer);
    await waitHere();
    await exchange.relay(answer, async function* () {
      yield content;
    });
  };
}

/** Does something once when exactly so many bytes have passed, or at the end of fewer. */
function after(byteCount: number, action: () => Promise<void>): Through {
  return async function* (bytes) {
    let left = byteCount;
    let done = false;
    for await (const piece of bytes) {
      const first = piece.subarray(0, done ? piece.length : left);
      if (first.length > 0) yield first;
      left -= first.length;
      if (done || left > 0) continue;
      done = true;
      await action();
      if (first.length < piece.length) yield piece.subarray(first.length);
    }
    if (!done) await action();
  };
}

function inPieces(sizeBytes: number): Through {
  return async function* (bytes) {
    for await (const chunk of bytes) {
      for (let start = 0; start < chunk.length; start += sizeBytes) {
        await delay(100);
        yield chunk.subarray(start, start + sizeBytes);
      }
    }
  };
}

async function contentOf(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece);
  return Buffer.concat(pieces);
}
