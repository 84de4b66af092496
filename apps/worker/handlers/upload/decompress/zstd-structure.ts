import { DecompressionError } from './error.ts';
import { isSkippable } from './format.ts';
import type { Structure } from './structure.ts';

const FRAME_MAGIC = 0xfd2fb528;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** The frames of a zstd file (RFC 8878), with a cut behind each. */
export function* zstdStructure(): Structure {
  for (;;) {
    const magic = (yield { take: 4, mayEnd: true }).readUInt32LE();
    if (magic === FRAME_MAGIC) yield* frame();
    else if (isSkippable(magic)) yield { skip: (yield { take: 4 }).readUInt32LE() };
    else throw new DecompressionError('corrupt', 'zstd', 'something that is no frame follows a frame');
    yield 'cut';
  }
}

function* frame(): Generator<{ take: number } | { skip: number }, void, Buffer> {
  const descriptor = (yield { take: 1 }).readUInt8();
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  const windowBytes = isSingleSegment ? 0 : 1;
  yield { skip: windowBytes + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0) + sizeBytes };
  for (let isLast = false; !isLast; ) {
    const header = (yield { take: 3 }).readUIntLE(0, 3);
    const type = (header >>> 1) & 3;
    if (type === RESERVED_BLOCK)
      throw new DecompressionError('corrupt', 'zstd', 'a block has a type that does not exist');
    yield { skip: type === RLE_BLOCK ? 1 : header >>> 3 };
    isLast = (header & 1) === 1;
  }
  const hasChecksum = (descriptor & 4) !== 0;
  if (hasChecksum) yield { skip: 4 };
}
