import { setImmediate as otherTurns } from 'node:timers/promises';
import { BitReader } from './bit-reader.ts';
import { readBlock } from './bzip2-block.ts';
import { expandBlock } from './bzip2-expand.ts';
import { DecompressionError } from './error.ts';
import { readRange } from './read-range.ts';

const LEVEL_BYTES = 100_000;
const BLOCK = [0x314159, 0x265359] as const;
const END = [0x177245, 0x385090] as const;

/**
 * The content of a bzip2 file, all streams one after the other; the CRC of each block and of each stream is
 * verified, and nothing may follow.
 *
 * Decoded here, since no library for Node.js does it in bounded memory: unbzip2-stream made 3.3 GB of 785 bytes
 * (at 9 MB/s), seek-bzip wants all its input in one go (15 MB/s), and libbz2 as WebAssembly the size of the output as well.
 *
 * @throws DecompressionError; as `readRange` does
 */
export async function* bunzip2(fd: number, sizeBytes: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const input = readRange(fd, 0, sizeBytes, signal);
  const bits = new BitReader(input);
  try {
    await bits.fill();
    do {
      yield* stream(bits, signal);
      await bits.fill();
    } while (!bits.isAtEnd);
  } finally {
    await input.return(undefined);
  }
}

async function* stream(bits: BitReader, signal: AbortSignal): AsyncGenerator<Buffer> {
  const chain = new Uint32Array(readLevel(bits) * LEVEL_BYTES);
  let streamCrc = 0;
  for (;;) {
    await bits.fill();
    const magic = [bits.read(24), bits.read(24)] as const;
    const crc = bits.read32();
    if (isSame(magic, END)) {
      if (crc !== streamCrc) throw corrupt('the checksum of the content differs');
      return bits.align();
    }
    if (!isSame(magic, BLOCK)) throw corrupt('something that is no block follows a block');
    // A block is work on this thread: others must have their turn, and be able to abort.
    await otherTurns();
    signal.throwIfAborted();
    if ((yield* expandInTurns(readBlock(bits, chain), signal)) !== crc)
      throw corrupt('the checksum of a block differs');
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ crc) >>> 0;
  }
}

async function* expandInTurns(
  block: Parameters<typeof expandBlock>[0],
  signal: AbortSignal,
): AsyncGenerator<Buffer, number> {
  const pieces = expandBlock(block);
  for (let count = 1; ; count++) {
    const { done, value } = pieces.next();
    if (done === true) return value;
    yield value;
    if (count % PIECES_A_TURN !== 0) continue;
    await otherTurns();
    signal.throwIfAborted();
  }
}

/** Pieces of 64 KiB that may follow each other at once: a few milliseconds. */
const PIECES_A_TURN = 16;

function readLevel(bits: BitReader): number {
  const magic = bits.read(24);
  const level = bits.read(8) - 0x30;
  if (magic !== 0x425a68 || level < 1 || level > 9) throw corrupt('something else follows a stream');
  return level;
}

const isSame = (magic: readonly [number, number], other: readonly [number, number]): boolean =>
  magic[0] === other[0] && magic[1] === other[1];

const corrupt = (what: string): DecompressionError => new DecompressionError('corrupt', 'bzip2', what);
