import { createGunzip } from 'node:zlib';
import { ENGINE_OPTIONS, throughEngine } from './engine.ts';
import { DecompressionError } from './error.ts';
import { readRange } from './read-range.ts';
import { zlibFault } from './zlib-fault.ts';

/**
 * The content of a gzip file, all members one after the other; node:zlib checks CRC and size of each. Zeros may
 * follow the last, as on tapes, and nothing else: node:zlib leaves unread whatever follows a zero, also further
 * members, so that is looked at here.
 *
 * @throws DecompressionError; as `readRange` does
 */
export async function* gunzip(fd: number, sizeBytes: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const engine = createGunzip(ENGINE_OPTIONS);
  try {
    yield* throughEngine(engine, readRange(fd, 0, sizeBytes, signal));
  } catch (error) {
    throw zlibFault('gzip', error);
  }
  for await (const chunk of readRange(fd, engine.bytesWritten, sizeBytes, signal)) {
    if (chunk.some((byte) => byte !== 0))
      throw new DecompressionError('corrupt', 'gzip', 'something else follows its last member');
  }
}
