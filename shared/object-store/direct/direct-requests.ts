import type { Agent as HttpAgent, IncomingHttpHeaders } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Answer, SendOptions } from '../answerable-handler.ts';
import type { Profile } from '../credentials/profile.ts';
import { type Answered, exchange, type Times } from './exchange.ts';
import { type Header, Signer } from './sign.ts';
import { encodeKey, learnTemplate, type Method, type Template } from './template.ts';

export type DirectOptions = {
  client: S3Client;
  profile: Profile;
  agents: { http: HttpAgent; https: HttpsAgent };
  times: Times;
};

/** One request for one object. */
export type Direct<Reply> = {
  method: Method;
  bucket: string;
  key: string;
  /** Beside those that every request has. */
  headers: readonly Header[];
  body?: { bytes: Buffer; sha256: Buffer };
  /** What an answer of 200 without a body says; undefined where it is to be left to the SDK. */
  read(headers: IncomingHttpHeaders): Reply | undefined;
};

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** An older answer says nothing of what time it is: as the SDK has it. */
const TELLS_TIME_MS = 900_000;

/**
 * Sends the two requests that a small file is made of without the SDK's chain of middlewares, which takes some ten times as long as the
 * request itself. Whatever is not plainly a success, an answer or an error of the socket, is given to the SDK as if it had asked: what it makes
 * of it is all that a caller sees.
 */
export class DirectRequests {
  readonly #options: DirectOptions;
  readonly #signer: Signer;
  readonly #templates = new Map<string, Promise<Template | undefined>>();

  constructor(options: DirectOptions) {
    this.#options = options;
    this.#signer = new Signer(options.profile.accessKeyId, options.profile.secretAccessKey);
  }

  /** @param bySdk the same request */
  async run<Reply>(
    direct: Direct<Reply>,
    signal: AbortSignal,
    bySdk: (options: SendOptions) => Promise<Reply>,
  ): Promise<Reply> {
    const template = await this.#template(direct.bucket, direct.method);
    if (template === undefined) return await bySdk({ abortSignal: signal });
    const answer = await this.#send(direct, template, signal);
    return typeof answer === 'function' ? await bySdk({ abortSignal: signal, answer }) : answer.reply;
  }

  async #send<Reply>(
    direct: Direct<Reply>,
    template: Template,
    signal: AbortSignal,
  ): Promise<{ reply: Reply } | Answer> {
    const { agents, times } = this.#options;
    const { isTls, host, port, method, query } = template;
    const sentMs = Date.now();
    const path = template.path + encodeKey(direct.key);
    const headers = this.#signed(direct, template, path, sentMs);
    const target = query === '' ? path : `${path}?${query}`;
    const asked = { isTls, host, port, method, path: target, headers, body: direct.body?.bytes };
    try {
      const answered = await exchange(asked, isTls ? agents.https : agents.http, times, signal);
      const { response, isBare } = answered;
      const reply = isBare ? direct.read(response.headers) : undefined;
      if (reply === undefined) return async () => ({ response: forSdk(answered) });
      this.#learnTime(response.headers, sentMs);
      return { reply };
    } catch (error) {
      return () => Promise.reject(error);
    }
  }

  #signed(
    { method, headers, body }: Direct<unknown>,
    template: Template,
    path: string,
    nowMs: number,
  ): Header[] {
    const { region, service, query } = template;
    const all: Header[] = [...template.headers, ...headers];
    if (body !== undefined) all.push(['content-length', String(body.bytes.length)]);
    return this.#signer.sign({
      method,
      path,
      query,
      headers: all,
      sha256: body?.sha256.toString('hex') ?? SHA256_OF_NOTHING,
      region,
      service,
      nowMs: nowMs + this.#options.client.config.systemClockOffset,
    });
  }

  /** The SDK signs by the server's clock, and takes it from each answer; those that it does not see are to count as well. */
  #learnTime({ date, age }: IncomingHttpHeaders, sentMs: number): void {
    const nowMs = Date.now();
    const serverMs = Date.parse(date ?? '');
    if (age !== undefined || Number.isNaN(serverMs) || nowMs - sentMs > TELLS_TIME_MS) return;
    this.#options.client.config.systemClockOffset = serverMs - nowMs;
  }

  #template(bucket: string, method: Method): Promise<Template | undefined> {
    const name = `${method} ${bucket}`;
    const known = this.#templates.get(name);
    if (known !== undefined) return known;
    const learned = learnTemplate(this.#options.client, bucket, method);
    this.#templates.set(name, learned);
    return learned;
  }
}

function forSdk({ response, isBare }: Answered) {
  const { statusCode = -1, statusMessage, headers } = response;
  return {
    statusCode,
    ...(statusMessage === undefined ? {} : { reason: statusMessage }),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    ),
    body: isBare ? new Uint8Array() : response,
  };
}
