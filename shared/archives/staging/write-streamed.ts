import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Compression, METHODS, type MemberFacts } from '../contract.ts';
import { Deflater } from './deflater.ts';
import { assertExpected, contentBytes, contentChunks, type Deposit } from './deposit.ts';
import { type FileCalls, writeWhole } from './file-calls.ts';
import { DEFLATE_LEVEL, namedFacts } from './pack.ts';

/** Where the data of the member begins: behind room for its header. */
type Target = {
  calls: FileCalls;
  fd: number;
  dataOffset: number;
  /** Before each chunk is taken: what it throws ends the writing. */
  onChunk(): Promise<void>;
};

/** After so much the content is judged: what has not shrunk by a thirtieth is packed already, and deflating all of it would take ten times as long as writing it. */
const JUDGED_BYTES = 4 * 1024 ** 2;
const SHRUNK = 0.97;

/**
 * Writes the data of a content that is too large for memory, and says what its header must. The bytes count for nothing before that
 * header is written.
 *
 * @throws `archive.content-changed`, `archive.source`; as write does
 */
export async function writeStreamed(
  target: Target,
  deposit: Deposit,
  compression: Compression,
): Promise<MemberFacts> {
  const deflated = compression === 'deflate' ? await writeDeflated(target, deposit) : undefined;
  const data = deflated ?? (await writeStored(target, deposit));
  assertExpected(deposit, data.sha256);
  return { ...namedFacts(deposit), ...data, sizeBytes: contentBytes(deposit.content) };
}

type Data = Pick<MemberFacts, 'method' | 'crc32' | 'packedBytes' | 'sha256'>;

/** @returns undefined where stored it is no larger; what was written is to be written over */
async function writeDeflated(target: Target, deposit: Deposit): Promise<Data | undefined> {
  const writer = new DataWriter(target);
  const deflater = new Deflater(DEFLATE_LEVEL);
  try {
    for await (const chunk of contentChunks(deposit)) {
      await target.onChunk();
      writer.read(chunk);
      for (const packed of await deflater.push(chunk)) await writer.write(packed);
      if (writer.readBytes >= JUDGED_BYTES && writer.writtenBytes > writer.readBytes * SHRUNK)
        return undefined;
    }
    for (const packed of await deflater.end()) await writer.write(packed);
  } finally {
    deflater.close();
  }
  return writer.writtenBytes < writer.readBytes ? writer.done(METHODS.deflate) : undefined;
}

async function writeStored(target: Target, deposit: Deposit): Promise<Data> {
  await target.calls.truncate(target.fd, target.dataOffset);
  const writer = new DataWriter(target);
  for await (const chunk of contentChunks(deposit)) {
    await target.onChunk();
    writer.read(chunk);
    await writer.write(chunk);
  }
  return writer.done(METHODS.store);
}

/** Sums up what was read, and writes one piece behind the other. */
class DataWriter {
  readonly #target: Target;
  readonly #sha256 = createHash('sha256');
  #crc32 = 0;
  readBytes = 0;
  writtenBytes = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  read(chunk: Buffer): void {
    this.#sha256.update(chunk);
    this.#crc32 = crc32(chunk, this.#crc32);
    this.readBytes += chunk.length;
  }

  async write(piece: Buffer): Promise<void> {
    const { calls, fd, dataOffset } = this.#target;
    await writeWhole(calls, fd, piece, dataOffset + this.writtenBytes);
    this.writtenBytes += piece.length;
  }

  done(method: Data['method']): Data {
    return { method, crc32: this.#crc32, packedBytes: this.writtenBytes, sha256: this.#sha256.digest() };
  }
}
