import { DecompressionError } from './error.ts';
import { readPiece } from './read-range.ts';

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;

const END_MAGIC = 0x06054b50;
const LOCATOR_MAGIC = 0x07064b50;
const END64_MAGIC = 0x06064b50;

/**
 * How many bytes of members the archive says that its directory has. A directory that names fewer than it holds
 * would otherwise pass for a smaller one, and its last members would be lost in silence.
 *
 * @throws decompress.truncated where the archive has no end, decompress.corrupt where its end is not whole
 */
export async function directoryBytes(fd: number, sizeBytes: number): Promise<number> {
  const tailStart = Math.max(0, sizeBytes - LOCATOR_BYTES - END_BYTES - MAX_COMMENT_BYTES);
  const tail = await readPiece(fd, tailStart, sizeBytes);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_MAGIC) continue;
    const locator = at - LOCATOR_BYTES;
    if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR_MAGIC) return tail.readUInt32LE(at + 12);
    return directoryBytes64(fd, sizeBytes, Number(tail.readBigUInt64LE(locator + 8)));
  }
  throw new DecompressionError('truncated', 'zip', 'the end of the archive, with its directory, is missing');
}

async function directoryBytes64(fd: number, sizeBytes: number, start: number): Promise<number> {
  const end = start + END64_BYTES;
  const record = end <= sizeBytes ? await readPiece(fd, start, end) : undefined;
  if (record?.readUInt32LE(0) !== END64_MAGIC)
    throw new DecompressionError('corrupt', 'zip', 'the directory is not where the archive says');
  return Number(record.readBigUInt64LE(40));
}
