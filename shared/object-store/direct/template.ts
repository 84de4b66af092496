import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { SdkRequest, SendOptions } from '../answerable-handler.ts';
import type { Header } from './sign.ts';

/** What all requests of one sort for the objects of one bucket have in common. */
export type Template = {
  method: Method;
  isTls: boolean;
  host: string;
  port: number | undefined;
  /** Before the encoded key. */
  path: string;
  /** Encoded, without the question mark; '' for none. */
  query: string;
  /** Those that are always the same. */
  headers: readonly Header[];
  /** For which it is signed. */
  region: string;
  service: string;
};

export type Method = 'PUT' | 'HEAD';

/** Those that differ from one request to the next, are the signer's, or only count the SDK's own retries. */
const VARYING: ReadonlySet<string> = new Set([
  'authorization',
  'x-amz-date',
  'x-amz-content-sha256',
  'content-length',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
]);

/** Any key: where it stands in the path is where all of them do. */
const KEY = 'k';

/**
 * Where the objects of a bucket are, and how they are asked for, as the SDK has it: it makes a request, and instead of sending it we look at it.
 *
 * @returns undefined where that is not one plain request: the bucket is of a sort that needs a session first, or the SDK refuses
 */
export async function learnTemplate(
  client: S3Client,
  bucket: string,
  method: Method,
): Promise<Template | undefined> {
  const seen: SdkRequest[] = [];
  const options: SendOptions = {
    async answer(request) {
      seen.push(request);
      return { response: { statusCode: 200, headers: {}, body: new Uint8Array() } };
    },
  };
  try {
    if (method === 'HEAD') await client.send(new HeadObjectCommand({ Bucket: bucket, Key: KEY }), options);
    else
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: Buffer.alloc(0) }), options);
  } catch {
    // Whoever sends by the SDK then meets it as well.
    return undefined;
  }
  const [request] = seen;
  return request !== undefined && seen.length === 1 ? templateOf(request, method) : undefined;
}

function templateOf(request: SdkRequest, method: Method): Template | undefined {
  const { protocol, hostname, port, path, query, headers } = request;
  const signed = /Credential=[^,]*\/\d{8}\/([^/,]+)\/([^/,]+)\/aws4_request,/.exec(
    headers.authorization ?? '',
  );
  const [, region, service] = signed ?? [];
  if (region === undefined || service === undefined) return undefined;
  if (request.method !== method || !path.endsWith(`/${KEY}`)) return undefined;
  return {
    method,
    isTls: protocol === 'https:',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: path.slice(0, -KEY.length),
    query: queryOf(query),
    headers: Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !VARYING.has(name)),
    region,
    service,
  };
}

function queryOf(query: SdkRequest['query']): string {
  const parts = Object.entries(query).map(
    ([name, value]) => `${encode(name)}=${encode(String(value ?? ''))}`,
  );
  return parts.sort().join('&');
}

/** RFC 3986, which is stricter than the language's own. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** A key as it stands in a path. */
export const encodeKey = (key: string): string => key.split('/').map(encode).join('/');
