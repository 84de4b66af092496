import { crc32 } from 'node:zlib';
import { DecompressionError } from './error.ts';
import type { Structure } from './structure.ts';

/** As the decoders of the other formats have it; `xz -9` makes files that need 64 MiB. */
export const MAX_DICTIONARY_BYTES = 128 * 1024 * 1024;

const LZMA2 = 0x21;
const STREAM_MAGIC = 'fd377a585a00';
/** Of the checks that every decoder knows: none, CRC32, CRC64, SHA-256. */
const CHECK_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 4],
  [4, 8],
  [10, 32],
]);

type Steps<T> = Generator<{ take: number } | { skip: number }, T, Buffer>;

/**
 * The streams of an xz file and the zeros between them (the .xz file format, 1.2). Looked at for two things that
 * the decoder does not tell: whether the input is whole, and how much memory reading it would take.
 */
export function* xzStructure(): Structure {
  for (;;) {
    const start = yield { take: 4, mayEnd: true };
    if (start.readUInt32LE() === 0) continue;
    const header = Buffer.concat([start, yield { take: 8 }]);
    if (header.toString('hex', 0, 6) !== STREAM_MAGIC) throw corrupt('something else follows a stream');
    verifyCrc(header.subarray(6));
    const checkBytes = CHECK_BYTES.get(header.readUInt8(7));
    if (checkBytes === undefined || header.readUInt8(6) !== 0)
      throw new DecompressionError('unsupported', 'xz', 'has a check of an unknown sort');
    for (;;) {
      const size = (yield { take: 1 }).readUInt8();
      if (size === 0) break;
      yield* block(size, checkBytes);
    }
    yield* index();
    yield { skip: STREAM_FOOTER_BYTES };
  }
}

const STREAM_FOOTER_BYTES = 12;

function* block(size: number, checkBytes: number): Steps<void> {
  const rest = yield { take: size * 4 + 3 };
  verifyCrc(Buffer.concat([Buffer.of(size), rest]));
  verifyDictionary(rest);
  let dataBytes = 1;
  for (let control = yield { take: 1 }; control[0] !== 0; control = yield { take: 1 }) {
    dataBytes += 1 + (yield* chunk(control.readUInt8()));
  }
  yield { skip: padding(dataBytes) + checkBytes };
}

/** A chunk of LZMA2 without its first byte; its length. */
function* chunk(control: number): Steps<number> {
  if (control < 0x80) {
    if (control > 2) throw corrupt('a chunk begins with a byte that does not exist');
    const bytes = (yield { take: 2 }).readUInt16BE() + 1;
    yield { skip: bytes };
    return 2 + bytes;
  }
  const bytes = (yield { take: 4 }).readUInt16BE(2) + 1 + (control >= 0xc0 ? 1 : 0);
  yield { skip: bytes };
  return 4 + bytes;
}

/** The index, without the zero that it begins with. */
function* index(): Steps<void> {
  let bytes = 1;
  const number = function* (): Steps<number> {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = (yield { take: 1 }).readUInt8();
      bytes++;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 56) throw corrupt('a number of the index has no end');
    }
  };
  const records = yield* number();
  for (let record = 0; record < records; record++) {
    yield* number();
    yield* number();
  }
  yield { skip: padding(bytes) + 4 };
}

/** @param header of a block, without its first byte */
function verifyDictionary(header: Buffer): void {
  const flags = header.readUInt8(0);
  let at = 1;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = header[at++];
      if (byte === undefined) throw corrupt('a header of a block is too short');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  if ((flags & 0x40) !== 0) number();
  if ((flags & 0x80) !== 0) number();
  for (let filters = (flags & 3) + 1; filters > 0; filters--) {
    const id = number();
    const propertiesBytes = number();
    const exponent = header[at];
    at += propertiesBytes;
    if (id !== LZMA2) continue;
    if (exponent === undefined || exponent > 40) throw corrupt('a dictionary has no size');
    const dictionaryBytes = (2 | (exponent & 1)) * 2 ** (11 + (exponent >>> 1));
    if (dictionaryBytes > MAX_DICTIONARY_BYTES)
      throw new DecompressionError(
        'limit',
        'xz',
        `needs a dictionary of ${dictionaryBytes} bytes, more than the ${MAX_DICTIONARY_BYTES} that are given to it`,
      );
    return;
  }
  throw new DecompressionError('unsupported', 'xz', 'has a filter that is not LZMA2');
}

/** A part whose last four bytes are the CRC of those before. */
function verifyCrc(part: Buffer): void {
  const end = part.length - 4;
  if (crc32(part.subarray(0, end)) !== part.readUInt32LE(end))
    throw corrupt('the checksum of a header differs');
}

const padding = (bytes: number): number => (4 - (bytes % 4)) % 4;
const corrupt = (what: string): DecompressionError => new DecompressionError('corrupt', 'xz', what);
