import { abandon, isMadeOf } from './abandon.ts';
import { abortMultipart, isUnknownUpload } from './abort.ts';
import type { Content, Source } from './content.ts';
import type { Identity } from './digest.ts';
import { failureOf } from './failure.ts';
import { isRefused, look } from './look.ts';
import { type Multipart, type Part, type SentParts, SourceFailure, sendParts } from './multipart.ts';
import { MAX_PARTS, MIN_PART_BYTES, partBytesFor } from './part-sizes.ts';
import { ReplyError } from './reply-error.ts';
import { hasContent, isSame } from './same.ts';
import type { SendOptions, Sent } from './send.ts';
import type { ObjectStore, RemoteObject, Stored, Upload } from './store.ts';

type Large = Exclude<Content, { type: 'bytes' }>;

/** An upload that is under way on the server, and the parts of it that need not be sent. */
type Open = { upload: Upload; partBytes: number; known: ReadonlyMap<number, Part> };

/** Sends a content in parts. See `send` for what holds. */
export async function sendLarge(options: SendOptions, content: Large, source: Source): Promise<Sent> {
  const { store, former, lookFirst, recorder, signal } = options;
  let left = former === undefined ? undefined : await takeUp(options, content, former);
  const partBytes = left?.partBytes ?? former?.partBytes ?? firstPartBytes(content, options.partBytes);
  // After the list of parts: an upload that is gone by then may be this object.
  const remote = lookFirst || former !== undefined ? await look(store, options, signal) : undefined;
  if (left !== undefined && former !== undefined && remote !== undefined && isMadeOf(remote, former)) {
    // Completed, and only the answer was lost. With Swift it lives on, and a part that is sent to it now changes the object.
    recorder.ended();
    left = undefined;
  }
  if (remote !== undefined && (lookFirst || left === undefined)) {
    const there = await compare(options, content, remote, partBytes, left);
    if (there !== undefined) return there;
  }
  const open = left ?? (await begin(options, firstPartBytes(content, options.partBytes)));
  const sent = await sendAll(options, content, source, open);
  await assertVisible(options, open.upload, sent.identity);
  const stored = await complete(options, open.upload, sent);
  return toSent(sent.identity, stored, sent.parts.length, open.partBytes, false);
}

function firstPartBytes(content: Large, wishedBytes: number): number {
  return content.type === 'file'
    ? partBytesFor(content.sizeBytes, wishedBytes)
    : Math.max(wishedBytes, MIN_PART_BYTES);
}

/** @returns undefined where the server does not know the upload any more, or it cannot hold the content; it is ended then */
async function takeUp(options: SendOptions, content: Large, former: Multipart): Promise<Open | undefined> {
  const { store, bucket, key, recorder, signal } = options;
  const upload = { bucket, key, uploadId: former.uploadId };
  if (content.type === 'file' && content.sizeBytes > former.partBytes * MAX_PARTS) {
    await abandon(store, upload, former, signal);
    recorder.ended();
    return undefined;
  }
  try {
    const there = await listParts(store, upload, signal);
    const known = former.parts.filter(({ number, etag, sizeBytes }) => {
      const part = there?.get(number);
      return there === undefined || (part?.etag === etag && part.sizeBytes === sizeBytes);
    });
    return { upload, partBytes: former.partBytes, known: new Map(known.map((part) => [part.number, part])) };
  } catch (error) {
    if (!isUnknownUpload(error)) throw error;
    recorder.ended();
    return undefined;
  }
}

/** @returns undefined where the key may not ask: the record is believed then, and compared by the server at the end */
async function listParts(store: ObjectStore, upload: Upload, signal: AbortSignal) {
  try {
    return await store.listParts(upload, signal);
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/** @returns what was sent before, where the object has this content; an upload that is left is aborted then */
async function compare(
  options: SendOptions,
  content: Large,
  remote: RemoteObject,
  partBytes: number,
  left: Open | undefined,
): Promise<Sent | undefined> {
  const { store, recorder, signal } = options;
  const identity = await hasContent(remote, content, store.integrity, partBytes, signal).catch(
    async (error) => {
      if (left !== undefined && !signal.aborted) await giveUp(options, left.upload);
      throw error;
    },
  );
  if (identity === undefined) return undefined;
  if (left !== undefined) {
    await abortMultipart(store, left.upload, signal);
    recorder.ended();
  }
  const parts = Number(/-(\d+)$/.exec(identity.etag ?? remote.etag)?.[1] ?? 0);
  return toSent(identity, remote, parts, parts === 0 ? undefined : partBytes, true);
}

async function begin(options: SendOptions, partBytes: number): Promise<Open> {
  const { store, bucket, key, recorder, signal, metadata } = options;
  recorder.asking();
  const uploadId = await store.createMultipart(options, metadata, signal);
  recorder.began(uploadId, partBytes);
  return { upload: { bucket, key, uploadId }, partBytes, known: new Map() };
}

async function sendAll(options: SendOptions, content: Large, source: Source, open: Open): Promise<SentParts> {
  try {
    return await sendParts({ ...options, ...open, source, growing: content.type === 'stream' });
  } catch (error) {
    if (isUnknownUpload(error)) options.recorder.ended();
    if (!(error instanceof SourceFailure)) throw error;
    await giveUp(options, open.upload);
    throw error.cause;
  }
}

async function assertVisible(options: SendOptions, upload: Upload, { sha256 }: Identity): Promise<void> {
  try {
    options.beforeVisible?.(sha256);
  } catch (error) {
    await giveUp(options, upload);
    throw error;
  }
}

/** Why it is given up is the news: that this failed too is not, and the upload stays recorded. */
async function giveUp({ store, recorder, signal }: SendOptions, upload: Upload): Promise<void> {
  try {
    await abortMultipart(store, upload, signal);
  } catch (error) {
    if (failureOf(error) === undefined) throw error;
    return;
  }
  recorder.ended();
}

async function complete(
  options: SendOptions,
  upload: Upload,
  { identity, parts }: SentParts,
): Promise<Stored> {
  const { store, recorder, signal } = options;
  const stored = await store.complete(upload, parts, signal).catch(async (error) => {
    if (failureOf(error)?.kind !== 'start-again') throw error;
    // A proxy that lost the answer may have asked again by itself.
    const remote = isUnknownUpload(error) ? await look(store, options, signal) : undefined;
    if (remote !== undefined && isSame(remote, identity)) return remote;
    await abortMultipart(store, upload, signal);
    recorder.ended();
    throw error;
  });
  recorder.ended();
  if (stored.checksum !== undefined && stored.checksum.value !== identity.checksum.value)
    throw new ReplyError(
      'store.other-bytes',
      'the server has stored other bytes than were sent',
      'CompleteMultipartUpload',
    );
  return { etag: stored.etag, checksum: stored.checksum };
}

const toSent = (
  { sizeBytes, sha256 }: Identity,
  { etag, checksum }: Stored,
  parts: number,
  partBytes: number | undefined,
  wasThere: boolean,
): Sent => ({ sizeBytes, etag, sha256, md5: undefined, parts, partBytes, checksum, wasThere });
