import type { IncomingHttpHeaders } from 'node:http';
import type { PartDigest } from '../digest.ts';
import type { Place } from '../store.ts';
import type { Direct } from './direct-requests.ts';
import type { Header } from './sign.ts';

/** What is used of the SDK's replies, under its names. */
export type PutReply = {
  ETag?: string | undefined;
  ChecksumSHA256?: string | undefined;
  ServerSideEncryption?: string | undefined;
};

export type HeadReply = {
  ContentLength?: number | undefined;
  ETag?: string | undefined;
  ChecksumSHA256?: string | undefined;
  Metadata?: Record<string, string> | undefined;
};

/** The sum that the server compares with what arrives, under the SDK's name. */
export type Sum = { ChecksumSHA256: string } | { ContentMD5: string };

export const directPut = (
  { bucket, key }: Place,
  bytes: Buffer,
  { sha256 }: PartDigest,
  sum: Sum,
  metadata: Readonly<Record<string, string>>,
): Direct<PutReply> => ({
  method: 'PUT',
  bucket,
  key,
  headers: [
    headerOf(sum),
    ...Object.entries(metadata).map(([name, value]): Header => [METADATA + name, value]),
  ],
  body: { bytes, sha256 },
  read: putReplyOf,
});

/** @param asksSum whether the checksum is to be told */
export const directHead = ({ bucket, key }: Place, asksSum: boolean): Direct<HeadReply> => ({
  method: 'HEAD',
  bucket,
  key,
  headers: asksSum ? [['x-amz-checksum-mode', 'ENABLED']] : [],
  read: headReplyOf,
});

const METADATA = 'x-amz-meta-';

const headerOf = (sum: Sum): Header =>
  'ContentMD5' in sum ? ['content-md5', sum.ContentMD5] : ['x-amz-checksum-sha256', sum.ChecksumSHA256];

/** What the headers of an answer say, as the SDK reads them. */
const putReplyOf = (headers: IncomingHttpHeaders): PutReply => ({
  ETag: headers.etag,
  ChecksumSHA256: textOf(headers, 'x-amz-checksum-sha256'),
  ServerSideEncryption: textOf(headers, 'x-amz-server-side-encryption'),
});

/** @returns undefined where the size is missing or none */
function headReplyOf(headers: IncomingHttpHeaders): HeadReply | undefined {
  const length = headers['content-length'] ?? '';
  if (!/^\d{1,15}$/.test(length)) return undefined;
  const Metadata: Record<string, string> = {};
  for (const name in headers)
    if (name.startsWith(METADATA)) Metadata[name.slice(METADATA.length)] = textOf(headers, name) ?? '';
  return {
    ContentLength: Number(length),
    ETag: headers.etag,
    ChecksumSHA256: textOf(headers, 'x-amz-checksum-sha256'),
    Metadata,
  };
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
