import { abandon } from './abandon.ts';
import { type Content, openContent } from './content.ts';
import { type Checksum, digestOf, type Identity, identityOfWhole } from './digest.ts';
import { checkBucketName, checkKey, checkMetadata } from './key.ts';
import { look } from './look.ts';
import type { Multipart, MultipartRecorder } from './multipart.ts';
import { readHead } from './read-head.ts';
import { isSame, SHA256_METADATA } from './same.ts';
import { sendLarge } from './send-large.ts';
import type { ObjectStore, Stored } from './store.ts';

export type SendOptions = {
  store: ObjectStore;
  bucket: string;
  key: string;
  content: Content;
  /** What an attempt before left on the server, as the recorder was told. */
  former: Multipart | undefined;
  recorder: MultipartRecorder;
  /** Ends it soon, and leaves what has arrived to be taken up again. It throws the signal's reason then. */
  signal: AbortSignal;
  /** Of the first part; taken larger where the content needs it (`partBytesFor`). */
  partBytes: number;
  partsInFlight: number;
  /** A content of this size or more is sent in parts. */
  multipartFromBytes: number;
  /** Kept with the object. */
  metadata: Readonly<Record<string, string>>;
  /** Ask first whether this content is there under this key. */
  lookFirst: boolean;
  /**
   * Called when all of the content was read, with its sha256, before any of it can be seen: what it throws goes on, and nothing becomes
   * visible.
   */
  beforeVisible?(sha256: string): void;
};

export type Sent = {
  sizeBytes: number;
  /** As the server gave it. */
  etag: string;
  /** Lower-case hex, of the whole content, computed of the bytes that were sent. */
  sha256: string;
  /** Where it was computed: see `ObjectStore`. Of an object in parts there is none. */
  md5: string | undefined;
  /** 0: put whole. */
  parts: number;
  /** Of the first part. */
  partBytes: number | undefined;
  /** Where the server keeps one. */
  checksum: Checksum | undefined;
  /** It was there already, and was not sent. */
  wasThere: boolean;
};

/** Small enough to be sent at once, large enough that parts are worth three requests more. */
export const DEFAULT_MULTIPART_FROM_BYTES = 16 * 1024 * 1024;
export const DEFAULT_PARTS_IN_FLIGHT = 4;

/**
 * Makes one object of a content, at once and whole: until the last byte was read without an error there is nothing under the key, or
 * what was there before. An object that is there is replaced.
 *
 * May be called again after any failure, also after a kill: a content that arrived and whose answer was lost is found or replaced by
 * itself. A large one is taken up where `former` says and the server agrees, part for part, as far as its bytes are still those that
 * were sent. What is left on the server by a failure is in the recorder's hands; a content that cannot be read leaves nothing.
 *
 * Holds up to `multipartFromBytes` of a small content, and of a large one `partsInFlight + 1` buffers of a part: see `sendParts`. A
 * stream's beginning comes on top, until it is sent: one `multipartFromBytes`.
 *
 * @throws UsageError for a bucket, key or metadata that cannot be; what the store throws (see `failureOf`); what the content throws, a
 * file's as EnvironmentError `upload.read`, or WharfingerError `upload.changed` where it has become shorter
 */
export async function send(options: SendOptions): Promise<Sent> {
  checkBucketName(options.bucket);
  checkKey(options.key);
  checkMetadata(options.metadata);
  const { content, signal } = options;
  try {
    signal.throwIfAborted();
    if (content.type === 'bytes') return await sendWhole(options, content.bytes);
    return await sendOpened(options, content);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function sendOpened(options: SendOptions, content: Exclude<Content, { type: 'bytes' }>): Promise<Sent> {
  const source = openContent(content, options.signal);
  try {
    const head = await readHead(content, source, options.multipartFromBytes);
    if (head.isAll) return await sendWhole(options, head.bytes);
    return await sendLarge(options, content, head.source);
  } finally {
    await source.close();
  }
}

async function sendWhole(options: SendOptions, bytes: Buffer): Promise<Sent> {
  const { store, former, recorder, signal, metadata } = options;
  const digest = digestOf(bytes, store.integrity);
  const identity = identityOfWhole(bytes.length, digest);
  const remote = options.lookFirst ? await look(store, options, signal) : undefined;
  if (former !== undefined) {
    await abandon(store, options, former, signal);
    recorder.ended();
  }
  if (remote !== undefined && isSame(remote, identity)) return sentWhole(identity, remote, true);
  options.beforeVisible?.(identity.sha256);
  const named = { ...metadata, [SHA256_METADATA]: identity.sha256 };
  return sentWhole(identity, await store.put(options, bytes, digest, named, signal), false);
}

const sentWhole = ({ sizeBytes, sha256, etag: md5 }: Identity, stored: Stored, wasThere: boolean): Sent => ({
  sizeBytes,
  etag: stored.etag,
  sha256,
  md5,
  parts: 0,
  partBytes: undefined,
  checksum: stored.checksum,
  wasThere,
});
