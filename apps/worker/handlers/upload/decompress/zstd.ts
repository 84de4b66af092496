import { createZstdDecompress } from 'node:zlib';
import { ENGINE_OPTIONS, throughEngine } from './engine.ts';
import { DecompressionError } from './error.ts';
import { readRange } from './read-range.ts';
import { followStructure } from './structure.ts';
import { zlibFault } from './zlib-fault.ts';
import { zstdStructure } from './zstd-structure.ts';

/**
 * The content of a zstd file, all frames one after the other. Checksums are verified where the frames have them;
 * frames that are to be skipped are skipped. Windows are limited to 128 MiB by node:zlib, as by the command.
 *
 * node:zlib stops at the end of a frame, drops what follows in the same write and calls that the end: each frame is
 * therefore written by itself, and what was consumed is compared with what was written.
 *
 * @throws DecompressionError; as `readRange` does
 */
export async function* unzstd(fd: number, sizeBytes: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const engine = createZstdDecompress(ENGINE_OPTIONS);
  const frames = followStructure('zstd', zstdStructure(), readRange(fd, 0, sizeBytes, signal));
  try {
    yield* throughEngine(engine, frames);
  } catch (error) {
    throw zlibFault('zstd', error);
  }
  if (engine.bytesWritten !== sizeBytes)
    throw new DecompressionError('corrupt', 'zstd', 'a frame ends before its last block');
}
