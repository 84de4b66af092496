import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { Secret } from '../credentials/secret.ts';

/** Name and value; names in lower case. */
export type Header = readonly [name: string, value: string];

export type Unsigned = {
  method: string;
  /** As it is sent: encoded once. */
  path: string;
  /** Likewise, without the question mark; '' for none. */
  query: string;
  /** Without those that signing adds. */
  headers: readonly Header[];
  /** Of the body, lower-case hex. */
  sha256: string;
  region: string;
  service: string;
  /** By the clock of the server. */
  nowMs: number;
};

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** A proxy may change it on the way. */
const UNSIGNED_HEADER = 'user-agent';

/**
 * Signs requests with one key: AWS Signature Version 4, in the `authorization` header, every other header signed.
 *
 * Keeps the key that is derived for a day: what is left to do for a request is one hash and one HMAC.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export class Signer {
  readonly #accessKeyId: string;
  readonly #secret: Secret;
  #key: { of: string; key: KeyObject } | undefined;

  constructor(accessKeyId: string, secret: Secret) {
    this.#accessKeyId = accessKeyId;
    this.#secret = secret;
  }

  /** @returns all headers of the signed request */
  sign({ method, path, query, headers, sha256, region, service, nowMs }: Unsigned): Header[] {
    const at = `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    const scope = `${at.slice(0, 8)}/${region}/${service}/aws4_request`;
    const all: Header[] = [...headers, ['x-amz-content-sha256', sha256], ['x-amz-date', at]];
    const signed = all.filter(([name]) => name !== UNSIGNED_HEADER).sort(byName);
    const names = signed.map(([name]) => name).join(';');
    const lines = signed.map(([name, value]) => `${name}:${oneBlank(value)}\n`).join('');
    const request = hash('sha256', `${method}\n${path}\n${query}\n${lines}\n${names}\n${sha256}`, 'hex');
    const signature = createHmac('sha256', this.#keyOf(at.slice(0, 8), region, service))
      .update(`${ALGORITHM}\n${at}\n${scope}\n${request}`)
      .digest('hex');
    const credential = `${this.#accessKeyId}/${scope}`;
    const authorization = `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
    all.push(['authorization', authorization]);
    return all;
  }

  #keyOf(day: string, region: string, service: string): KeyObject {
    const of = `${day}/${region}/${service}`;
    if (this.#key?.of === of) return this.#key.key;
    const first = createSecretKey(`AWS4${this.#secret.reveal()}`, 'utf8');
    const key = [day, region, service, 'aws4_request'].reduce(
      (key, part) => createSecretKey(createHmac('sha256', key).update(part).digest()),
      first,
    );
    this.#key = { of, key };
    return key;
  }
}

const byName = ([a]: Header, [b]: Header): number => (a < b ? -1 : 1);

/** As the server sees them. */
const oneBlank = (value: string): string => (value.includes('  ') ? value.replaceAll(/ +/g, ' ') : value);
