import { crc32, createInflateRaw } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { ENGINE_OPTIONS, throughEngine } from './engine.ts';
import { DecompressionError } from './error.ts';
import { readRange } from './read-range.ts';
import { directoryFault, type ZipEntry } from './zip-directory.ts';
import { zlibFault } from './zlib-fault.ts';

/**
 * The content of one member. What the directory says of it must be so: where it is, its name, its method, both sizes and
 * the CRC; yauzl looks at none of these but the place.
 *
 * @throws DecompressionError; as `readRange` does
 */
export async function* readMember(
  fd: number,
  zip: ZipFile,
  { name, entry }: ZipEntry,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const corrupt = (what: string): DecompressionError =>
    new DecompressionError('corrupt', 'zip', `member ${JSON.stringify(name)} ${what}`);
  signal.throwIfAborted();
  const start = await dataStart(zip, entry, corrupt);
  let bytes = 0;
  let crc = 0;
  for await (const chunk of unpack(fd, entry, start, signal, corrupt)) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > entry.uncompressedSize) throw corrupt('is larger than the directory says');
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (bytes !== entry.uncompressedSize) throw corrupt('is smaller than the directory says');
  if (crc !== entry.crc32) throw corrupt('has another checksum than the directory says');
}

async function dataStart(
  zip: ZipFile,
  entry: Entry,
  corrupt: (what: string) => DecompressionError,
): Promise<number> {
  const header = await zip.readLocalFileHeaderPromise(entry).catch((error: unknown) => {
    throw directoryFault(error);
  });
  if (!header.fileName.equals(entry.fileNameRaw)) throw corrupt('has another name before its content');
  if (header.compressionMethod !== entry.compressionMethod)
    throw corrupt('has another method before its content');
  return header.fileDataStart;
}

async function* unpack(
  fd: number,
  entry: Entry,
  start: number,
  signal: AbortSignal,
  corrupt: (what: string) => DecompressionError,
): AsyncGenerator<Buffer> {
  const input = readRange(fd, start, start + entry.compressedSize, signal);
  if (entry.compressionMethod === 0) return yield* input;
  const engine = createInflateRaw(ENGINE_OPTIONS);
  try {
    yield* throughEngine(engine, input);
  } catch (error) {
    throw zlibFault('zip', error);
  }
  if (engine.bytesWritten !== entry.compressedSize)
    throw corrupt('is packed into less than the directory says');
}
