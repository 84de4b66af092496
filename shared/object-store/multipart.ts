import { createHash, webcrypto } from 'node:crypto';
import { UsageError } from '../errors.ts';
import type { Source } from './content.ts';
import { type Identity, identityOfParts, type PartDigest } from './digest.ts';
import { MAX_PARTS, partBytesAt } from './part-sizes.ts';
import type { ObjectStore, Upload } from './store.ts';

/** A part that the server has. */
export type Part = {
  number: number;
  sizeBytes: number;
  /** As the server gave it; with some servers it is no MD5. */
  etag: string;
  /** Lower-case hex, of the bytes that were sent. */
  sha256: string;
};

/** What an attempt left on the server, as recorded. */
export type Multipart = {
  uploadId: string /** Of its first part. */;
  partBytes: number;
  parts: readonly Part[];
};

/**
 * Is told of each step before the next depends on it; makes it durable before it returns. An upload of which `asking` was told and
 * `began` was not may be on the server: `findOrphans` finds it.
 */
export type MultipartRecorder = {
  /** An upload is about to be begun. */
  asking(): void;
  began(uploadId: string, partBytes: number): void;
  /** In the order in which they arrive. A number may come again: the later one is on the server. */
  part(part: Part): void;
  /** The upload is completed or aborted, or the server does not know it. */
  ended(): void;
};

export type PartsOptions = {
  store: Pick<ObjectStore, 'integrity' | 'putPart'>;
  upload: Upload;
  source: Source;
  /** Of the first part. */
  partBytes: number;
  /** See `partBytesAt`. */
  growing: boolean;
  partsInFlight: number;
  /** By their number; those that the server has and the source still has are not sent. */
  known: ReadonlyMap<number, Part>;
  recorder: MultipartRecorder;
  signal: AbortSignal;
};

export type SentParts = {
  identity: Identity;
  parts: { number: number; etag: string; digest: PartDigest }[];
};

/** The source failed, and not the server: what was sent of it is of no use. */
export class SourceFailure extends Error {
  constructor(cause: unknown) {
    super('the content failed', { cause });
  }
}

/**
 * Sends a source in parts, several at a time, while the next is read. Holds `partsInFlight + 1` buffers of the first part's size,
 * taken again and again; where parts have grown, fewer are in flight, so that it stays the same memory up to a part of half of it.
 *
 * After a failure nothing more is read; the parts that are under way are waited for, because each that arrives need not be sent
 * again. No request is under way when it returns or throws.
 *
 * @throws SourceFailure where the source failed, with its error as the cause; else what the store throws
 */
export async function sendParts(options: PartsOptions): Promise<SentParts> {
  const { source, partBytes, growing, partsInFlight, signal } = options;
  const cancel = new AbortController();
  const task = { ...options, signal: AbortSignal.any([signal, cancel.signal]) };
  const whole = createHash('sha256');
  const sent: SentParts['parts'] = [];
  const underWay = new Set<Promise<void>>();
  const free: Buffer<ArrayBuffer>[] = [];
  let failure: { error: unknown } | undefined;
  let bytes = 0;
  for (let number = 1; ; number++) {
    const size = partBytesAt(number, partBytes, growing);
    const most = Math.max(1, Math.floor(((partsInFlight + 1) * partBytes) / size) - 1);
    while (failure === undefined && underWay.size >= most) await Promise.race(underWay);
    if (failure !== undefined) break;
    const buffer = takeBuffer(free, size);
    const md5 = options.store.integrity === 'md5' ? createHash('md5') : undefined;
    let filled: number;
    try {
      filled = await source.fill(buffer, (chunk) => {
        whole.update(chunk);
        md5?.update(chunk);
      });
      if (filled > 0 && number > MAX_PARTS) throw tooLarge();
    } catch (error) {
      failure = { error: signal.aborted ? error : new SourceFailure(error) };
      cancel.abort();
      break;
    }
    if (filled === 0 || failure !== undefined) break;
    bytes += filled;
    const sending = sendPart(task, number, buffer.subarray(0, filled), md5?.digest())
      .then(
        (part) => void sent.push(part),
        (error: unknown) => {
          failure ??= { error };
        },
      )
      .finally(() => {
        free.push(buffer);
        underWay.delete(sending);
      });
    underWay.add(sending);
    if (filled < size) break;
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure.error;
  sent.sort((a, b) => a.number - b.number);
  const digests = sent.map(({ digest }) => digest);
  return { identity: identityOfParts(bytes, whole.digest('hex'), digests), parts: sent };
}

/** Of parts that have grown the smaller buffers are of no use any more. */
function takeBuffer(free: Buffer<ArrayBuffer>[], size: number): Buffer<ArrayBuffer> {
  for (let buffer = free.pop(); buffer !== undefined; buffer = free.pop())
    if (buffer.length === size) return buffer;
  return Buffer.allocUnsafeSlow(size);
}

async function sendPart(
  { store, upload, known, recorder, signal }: PartsOptions,
  number: number,
  bytes: Buffer<ArrayBuffer>,
  md5: Buffer | undefined,
): Promise<SentParts['parts'][number]> {
  // On a thread of the pool, while the next part is read and hashed here.
  const digest = { sha256: Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)), md5 };
  const sha256 = digest.sha256.toString('hex');
  const there = known.get(number);
  if (there !== undefined && there.sizeBytes === bytes.length && there.sha256 === sha256)
    return { number, etag: there.etag, digest };
  const etag = await store.putPart(upload, number, bytes, digest, signal);
  recorder.part({ number, sizeBytes: bytes.length, etag, sha256 });
  return { number, etag, digest };
}

function tooLarge(): UsageError {
  return new UsageError(`the content needs more than ${MAX_PARTS} parts`, {
    code: 'upload.too-large',
    hint: 'give larger parts',
  });
}
