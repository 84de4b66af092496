import { createGunzip, type Gunzip } from 'node:zlib';
import { fileFault } from './faults.ts';

export type GunzipLimits = { maxOutputBytes: number; maxRatio: number };

export const GUNZIP_LIMITS: GunzipLimits = { maxOutputBytes: 64 * 1024 ** 3, maxRatio: 2000 };

/** A small file that is mostly the same row is no attack: what it becomes is small as well. */
const GRACE_BYTES = 1024 * 1024;

const OUTPUT_BYTES = 256 * 1024;

/**
 * The content of a gzip file, all members one after the other; CRC and size of each are verified. Zeros may follow the last, as on tapes.
 * Each piece of the input is used up before the next is asked for; none is asked for once the iteration has ended.
 *
 * @throws FileFaultError `load.gzip`, `load.bomb`; what `pieces` throws
 */
export async function* gunzip(
  fileId: number,
  pieces: AsyncIterable<Buffer>,
  inputBytes: number,
  limits: GunzipLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const engine = createGunzip({ chunkSize: OUTPUT_BYTES });
  const feeding = { isAbandoned: false };
  const fed = feed(fileId, engine, pieces, feeding);
  let bytes = 0;
  try {
    for await (const chunk of engine as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      assertWithin(fileId, bytes, inputBytes, limits);
      yield chunk;
    }
    // The engine ends with its content; the rest of the input is still to be seen, and to be hashed by whoever gives it.
    const trouble = await fed;
    if (trouble !== undefined) throw trouble;
  } catch (error) {
    throw gzipFault(fileId, error);
  } finally {
    feeding.isAbandoned = true;
    engine.destroy();
    await fed;
  }
}

function assertWithin(
  fileId: number,
  bytes: number,
  inputBytes: number,
  { maxOutputBytes, maxRatio }: GunzipLimits,
): void {
  if (bytes > maxOutputBytes)
    throw fileFault(
      fileId,
      'load.bomb',
      `unpacked it has more than the ${maxOutputBytes} bytes that are allowed`,
      BOMB_HINT,
    );
  if (bytes > GRACE_BYTES && bytes > maxRatio * inputBytes)
    throw fileFault(
      fileId,
      'load.bomb',
      `unpacked it has more than ${maxRatio} times its ${inputBytes} bytes`,
      BOMB_HINT,
    );
}

const BOMB_HINT = 'if it is meant to be that large, send it as text';

/** Never rejects: returns what went wrong, and tells the engine, so that whoever reads it is told. */
async function feed(
  fileId: number,
  engine: Gunzip,
  pieces: AsyncIterable<Buffer>,
  feeding: { readonly isAbandoned: boolean },
): Promise<Error | undefined> {
  // An engine that is destroyed while its output waits never calls back: its closing has to count as well.
  let goOn: (() => void) | undefined;
  engine.once('close', () => goOn?.());
  let fedBytes = 0;
  try {
    for await (const piece of pieces) {
      if (feeding.isAbandoned) return undefined;
      fedBytes += piece.length;
      if (!engine.destroyed)
        await new Promise<void>((resolve) => {
          goOn = resolve;
          engine.write(piece, () => resolve());
        });
      // It reads nothing from a zero on that follows a member, also no further members.
      const unread = Math.min(piece.length, fedBytes - engine.bytesWritten);
      if (unread > 0 && !feeding.isAbandoned) assertZeros(fileId, piece.subarray(piece.length - unread));
    }
    engine.end();
    return undefined;
  } catch (error) {
    const trouble = error instanceof Error ? error : new Error(String(error));
    engine.destroy(trouble);
    return trouble;
  }
}

function assertZeros(fileId: number, rest: Buffer): void {
  if (rest.some((byte) => byte !== 0))
    throw fileFault(fileId, 'load.gzip', 'something else follows its gzip content', GZIP_HINT);
}

const GZIP_HINT = 'send the file again';

function gzipFault(fileId: number, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR')
    return fileFault(fileId, 'load.gzip', 'its gzip content ends too early', GZIP_HINT, error);
  if (code === 'Z_DATA_ERROR')
    return fileFault(fileId, 'load.gzip', 'its gzip content is broken', GZIP_HINT, error);
  return error;
}
