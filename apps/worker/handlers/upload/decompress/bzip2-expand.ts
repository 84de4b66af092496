import type { Block } from './bzip2-block.ts';

const OUTPUT_BYTES = 64 * 1024;
/** After so many equal bytes the next tells how many more there are. */
const RUN_BYTES = 4;
const MAX_MORE_BYTES = 255;

/** CRC-32 with the highest bit first: not the one of zlib. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** The content of a block, piece by piece: up to 46 MB for 900,000 bytes. Returns its CRC. */
export function* expandBlock({ chain, bytes, origin }: Block): Generator<Buffer, number> {
  let output = Buffer.allocUnsafeSlow(OUTPUT_BYTES + MAX_MORE_BYTES);
  let filled = 0;
  let crc = 0xffffffff | 0;
  let place = (chain[origin] as number) >>> 8;
  let last = -1;
  let run = 0;
  for (let left = bytes; left > 0; left--) {
    const link = chain[place] as number;
    const byte = link & 0xff;
    place = link >>> 8;
    if (run === RUN_BYTES) {
      for (let more = byte; more > 0; more--) {
        output[filled++] = last;
        crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ last] as number);
      }
      run = 0;
    } else {
      run = byte === last ? run + 1 : 1;
      last = byte;
      output[filled++] = byte;
      crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] as number);
    }
    if (filled < OUTPUT_BYTES) continue;
    yield output.subarray(0, filled);
    output = Buffer.allocUnsafeSlow(OUTPUT_BYTES + MAX_MORE_BYTES);
    filled = 0;
  }
  if (filled > 0) yield output.subarray(0, filled);
  return ~crc >>> 0;
}
