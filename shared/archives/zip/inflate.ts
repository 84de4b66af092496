import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw, inflateRawSync } from 'node:zlib';
import { ZipFault } from './zip-fault.ts';

const OUTPUT_BYTES = 256 * 1024;
/** Less is not allowed; and with room to spare zlib sees the end of the stream in the same step. */
const SPARE_BYTES = 64;

/**
 * Unpacks a deflate stream of any length in bounded memory; what is not asked for is not unpacked.
 *
 * @param packedBytes how long the stream must be
 * @throws ZipFault; what `packed` throws
 */
export async function* inflateLarge(packed: Iterable<Buffer>, packedBytes: number): AsyncGenerator<Buffer> {
  const engine = createInflateRaw({ chunkSize: OUTPUT_BYTES });
  const pieces = Readable.from(packed, { objectMode: true, highWaterMark: 1 });
  // A failure ends the engine too, and so comes out of the loop.
  const feeding = pipeline(pieces, engine).catch(() => undefined);
  try {
    for await (const piece of engine) yield piece;
    if (engine.bytesWritten !== packedBytes) throw somethingBehind();
  } catch (error) {
    throw inflateFault(error);
  } finally {
    engine.destroy();
    await feeding;
  }
}

type Inflated = { buffer: Buffer; engine: { bytesWritten: number } };

/**
 * Unpacks a whole deflate stream at once.
 *
 * @param sizeBytes more than that is never unpacked
 * @throws ZipFault
 */
export function inflateSmall(packed: Buffer, sizeBytes: number): Buffer {
  try {
    const options = {
      chunkSize: sizeBytes + SPARE_BYTES,
      maxOutputLength: Math.max(1, sizeBytes),
      info: true,
    };
    // The types know nothing of `info`.
    const { buffer, engine } = inflateRawSync(packed, options) as unknown as Inflated;
    if (engine.bytesWritten !== packed.length) throw somethingBehind();
    return buffer;
  } catch (error) {
    throw inflateFault(error);
  }
}

const somethingBehind = (): ZipFault => new ZipFault('has something behind its packed data');

/** zlib's own errors, which know the data and no system call, are faults of it. */
function inflateFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new ZipFault('has another size than its header says', { cause: error });
  if (code === 'Z_BUF_ERROR') return new ZipFault('ends before its data does', { cause: error });
  return code.startsWith('Z_')
    ? new ZipFault('is packed in a way that cannot be unpacked', { cause: error })
    : error;
}
