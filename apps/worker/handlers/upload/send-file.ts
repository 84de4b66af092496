import { fstatSync, readSync } from 'node:fs';
import { WharfingerError } from '../../../../shared/errors.ts';
import { toText } from '../../../../shared/fs/byte-path.ts';
import { hashLarge } from '../../../../shared/fs/hash-file.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { abortMultipart, findOrphans } from '../../../../shared/object-store/abort.ts';
import type { Content } from '../../../../shared/object-store/content.ts';
import { checkKey } from '../../../../shared/object-store/key.ts';
import { DEFAULT_PART_BYTES } from '../../../../shared/object-store/part-sizes.ts';
import { DEFAULT_MULTIPART_FROM_BYTES, type Sent, send } from '../../../../shared/object-store/send.ts';
import type { ObjectStore } from '../../../../shared/object-store/store.ts';
import { check } from '../../../../shared/object-store/verify.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { ObjectRow } from '../../../../shared/uploads/objects.ts';
import { assertHeld } from '../../fence.ts';
import { nameWithout } from './decompress/name.ts';
import { openCompressed, testWhole } from './decompress/open-compressed.ts';
import { freeKey } from './free-key.ts';
import { ObjectRecorder, type RecorderOptions } from './recorder.ts';
import type { KeyedObject, Taken } from './stay.ts';
import type { UploadStore } from './store.ts';
import type { Unfolding } from './unfolding.ts';

export type SendContext = RecorderOptions & {
  remote: ObjectStore;
  unfolding: Unfolding;
  /** Aborts at an ordered stop, or when the lease is lost. */
  signal: AbortSignal;
  /** HEAD is not supported or not allowed: the check is information only. */
  onUnchecked(reason: string): void;
};

/** What was asked for and not recorded was asked for since then: servers' clocks differ. */
const CLOCKS_DIFFER_MS = 300_000;

/** Asking first costs as much as sending so little, and nothing beside sending more. */
const LOOK_FIRST_FROM_BYTES = 1024 * 1024;

const PARTS_IN_FLIGHT = 3;

/**
 * Makes of a file what it is to become in its bucket, one object or one for each member, and sees that it is there. When it returns, every
 * object is whole in the bucket and has its content; when it throws, each is as it was before or whole.
 *
 * May be called again after any failure and by any process: what was sent is found and not sent again, parts included.
 *
 * @throws what `send` throws; DecompressionError; WharfingerError `upload.changed` where the file was written to meanwhile,
 * `upload.other-content` where it is not what was committed, `upload.not-stored` where the server has something else than was sent
 */
export async function sendFile(file: Taken, context: SendContext): Promise<KeyedObject[]> {
  const { plan, fd } = file;
  if (!plan.sink.decompress) return [await sendObject(file, '', plan.key, contentOf(file), context)];
  const { maxOutputBytes, maxRatio } = plan.sink;
  const { signal } = context;
  // What is made of it says nothing of it.
  if (plan.sha256 !== undefined)
    assertContent(file, (await hashLarge(fd, { signal })).sha256.toString('hex'));
  const opened = await openCompressed(fd, Number(fstatSync(fd).size), { maxOutputBytes, maxRatio });
  const { format, members } = opened;
  // A member could be sent before a later one is found to be broken.
  if (format === 'zip') await testWhole(opened, signal);
  if (format === 'none') return [await sendObject(file, '', plan.key, contentOf(file), context)];
  const base = nameWithout(format, plan.key);
  const keyOf = (name: string): string => (name === '' ? base : `${base}/${name}`);
  // All of them, for the same reason.
  for (const { name = '' } of members) checkKey(keyOf(name));
  return await context.unfolding.of(async (hold) => {
    const objects: KeyedObject[] = [];
    for (const { name = '', open } of members) {
      const key = keyOf(name);
      objects.push(await sendObject(file, name, key, { type: 'stream', open: hold(open) }, context));
    }
    return objects;
  });
}

/** Small ones are read at once: then nobody can write to them while they are sent. */
function contentOf({ fd }: Taken): Content {
  const sizeBytes = Number(fstatSync(fd).size);
  if (sizeBytes >= DEFAULT_MULTIPART_FROM_BYTES) return { type: 'file', fd, sizeBytes };
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const count = readSync(fd, bytes, filled, sizeBytes - filled, filled);
    if (count === 0) throw changed();
    filled += count;
  }
  return { type: 'bytes', bytes };
}

async function sendObject(
  file: Taken,
  member: string,
  wantedKey: string,
  content: Content,
  context: SendContext,
): Promise<KeyedObject> {
  const { plan, record, job } = file;
  const { store, remote, signal } = context;
  const known = await knownObject(file, member, wantedKey, content, context);
  const key = known?.key ?? wantedKey;
  checkKey(key);
  const recorder = known === undefined ? NO_PARTS : new ObjectRecorder(context, job, known);
  const place = { bucket: plan.bucket.bucket, key };
  const askedMs = known?.askedMs;
  if (askedMs !== undefined) {
    await abortOrphans(askedMs, place, new Set(), context);
    recorder.ended();
  }
  const isLarge = content.type !== 'bytes' || content.bytes.length >= LOOK_FIRST_FROM_BYTES;
  const isAgain = record.retries > 0 || job.lane === 'suspect' || known?.sizeBytes !== undefined;
  const sent = await send({
    store: remote,
    ...place,
    content,
    former: recorder instanceof ObjectRecorder ? recorder.former : undefined,
    recorder,
    signal,
    partBytes: DEFAULT_PART_BYTES,
    partsInFlight: PARTS_IN_FLIGHT,
    multipartFromBytes: DEFAULT_MULTIPART_FROM_BYTES,
    metadata: {},
    lookFirst: isLarge || isAgain || isReplacing(file, key, store),
    beforeVisible(sha256) {
      assertUnchanged(file);
      if (!plan.sink.decompress) assertContent(file, sha256);
    },
  });
  if (!plan.sink.decompress) assertContent(file, sent.sha256);
  context.crash.reach('upload.sent');
  // What was asked for by who died may have come about after we had looked.
  if (askedMs !== undefined) await abortOrphans(askedMs, place, recorder.begun, context);
  await assertStored(sent, place, context);
  const { sizeBytes, sha256, etag, checksum, wasThere } = sent;
  return { member, key, sizeBytes, sha256, etag, checksum, wasThere };
}

/** Whether we have sent an object under this key before. */
function isReplacing({ plan, fresh }: Taken, key: string, { objects }: UploadStore): boolean {
  return fresh !== undefined && key === plan.key
    ? fresh.isReplacing
    : objects.lastSent(plan.bucket.id, key) !== undefined;
}

/** A content in one piece leaves nothing on the way, and needs no row before it is sent, unless its key may be another's. */
async function knownObject(
  file: Taken,
  member: string,
  wantedKey: string,
  content: Content,
  { store, signal }: SendContext,
): Promise<ObjectRow | undefined> {
  const { plan, record, fresh } = file;
  // Of one that has members, those before this one are on record by now.
  const rows = fresh !== undefined && member === '' ? [] : store.objects.ofRecord(record.id);
  const there = rows.find((row) => row.member === member);
  if (there !== undefined) return there;
  if (content.type === 'bytes' && plan.sink.to.by === 'path') return undefined;
  const key =
    plan.sink.to.by === 'path'
      ? wantedKey
      : await freeKey(file, { member, wantedKey, content }, store, signal);
  return writeTransaction(store.state, () => {
    assertHeld(file, { store });
    return store.objects.of(record.id, member, key);
  });
}

const NO_PARTS = {
  begun: new Set<string>(),
  asking: unexpected,
  began: unexpected,
  part: unexpected,
  ended: () => undefined,
};

function unexpected(): never {
  throw new Error('a content that is in memory is sent whole');
}

/**
 * Those whose id never reached us. They are ours: nobody else is given this key while its object is in hand. Not one of `ours`, which is
 * completed: Swift makes the object of its parts, and may list it for a moment.
 */
async function abortOrphans(
  askedMs: number,
  place: { bucket: string; key: string },
  ours: ReadonlySet<string>,
  { remote, signal }: SendContext,
): Promise<void> {
  for (const uploadId of await findOrphans(remote, place, askedMs - CLOCKS_DIFFER_MS, signal))
    if (!ours.has(uploadId)) await abortMultipart(remote, { ...place, uploadId }, signal);
}

function assertUnchanged({ fd, record }: Taken): void {
  const { size, mtimeNs } = fstatSync(fd, { bigint: true });
  const isSame = size === BigInt(record.sizeBytes) && mtimeNs === record.mtimeNs;
  if (!isSame || hasOpenWriter(fd) === 'yes') throw changed();
}

const changed = (): WharfingerError =>
  new WharfingerError('it was written to while it was sent', { code: 'upload.changed', retryable: true });

/** What was taken into custody is sent as it was then, or not at all. */
function assertContent({ plan, path }: Taken, sha256: string): void {
  if (plan.sha256 === undefined || plan.sha256 === sha256) return;
  throw new WharfingerError(
    `${toText(path)} is not what was committed: its sha256 is ${sha256}, and was ${plan.sha256}`,
    { code: 'upload.other-content', hint: 'run `wharfinger verify --deep`' },
  );
}

async function assertStored(
  sent: Sent,
  place: { bucket: string; key: string },
  { remote, signal, onUnchecked }: SendContext,
): Promise<void> {
  if (sent.wasThere) return;
  const checked = await check(remote, place, sent, signal);
  if (checked.is === 'same') return;
  if (checked.is === 'unasked') {
    onUnchecked(checked.reason);
    return;
  }
  const detail = checked.is === 'missing' ? 'it is not there' : checked.detail;
  throw new WharfingerError(`the server does not have what was sent: ${detail}`, {
    code: 'upload.not-stored',
    retryable: true,
  });
}
