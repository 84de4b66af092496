import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { promisify } from 'node:util';
import { crc32, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib';
import { type Compression, METHODS, type MemberFacts } from '../contract.ts';
import { assertExpected, type Deposit, memberNameOf, readContent } from './deposit.ts';

/** A member as it stands in a zip file, behind its header. */
export type Packed = { facts: MemberFacts; data: Buffer };

/**
 * Of lines of a log, level 3 makes files a tenth smaller than level 1 for a fifth more time; level 6 takes twice as long again
 * and saves a thirtieth. Contents of a few KiB take as long at any level.
 */
export const DEFLATE_LEVEL = 3;

/** Deflating more would hold up the event loop for more than half a millisecond: it is done on another thread. */
const SYNC_BYTES = 128 * 1024;

const deflateElsewhere = promisify<Buffer, { level: number }, Buffer>(deflateRaw);

/**
 * Reads, hashes and packs a content that fits into memory. Deflated only where that makes it smaller.
 *
 * @throws `archive.content-changed`, `archive.source`
 */
export async function pack(deposit: Deposit, compression: Compression): Promise<Packed> {
  const content = readContent(deposit);
  const sha256 = hash('sha256', content, 'buffer');
  assertExpected(deposit, sha256);
  const packed = compression === 'deflate' && content.length > 0 ? await deflate(content) : content;
  const isSmaller = packed.length < content.length;
  const data = isSmaller ? packed : content;
  const facts = {
    ...namedFacts(deposit),
    method: isSmaller ? METHODS.deflate : METHODS.store,
    crc32: crc32(content),
    sizeBytes: content.length,
    packedBytes: data.length,
    sha256,
  };
  return { facts, data };
}

const deflate = (content: Buffer): Buffer | Promise<Buffer> =>
  content.length <= SYNC_BYTES
    ? deflateRawSync(content, optionsFor(content.length))
    : deflateElsewhere(content, { level: DEFLATE_LEVEL });

/** What Node takes by itself: a larger output comes in pieces of this size. */
const OUTPUT_BYTES = 16 * 1024;

/**
 * For a content of 1 KiB zlib's own choice is half as slow again, for as many bytes: a window of 32 KiB and its tables are cleared each time, and an output of
 * 16 KiB waits for the collector.
 */
function optionsFor(sizeBytes: number): ZlibOptions {
  const windowBits = Math.min(Math.max(Math.ceil(Math.log2(sizeBytes)), 9), 15);
  const memLevel = Math.min(Math.max(windowBits - 6, 1), 8);
  return {
    level: DEFLATE_LEVEL,
    windowBits,
    memLevel,
    chunkSize: Math.min(sizeBytes + 64, OUTPUT_BYTES),
  };
}

/** What is known of a member before its content is read. */
export const namedFacts = ({
  to,
  facts: { mode, mtimeMs },
}: Deposit): Pick<MemberFacts, 'name' | 'mode' | 'mtimeMs'> => ({
  name: memberNameOf(to),
  mode: (mode & constants.S_IFMT) === 0 ? mode | constants.S_IFREG : mode,
  mtimeMs: Math.floor(mtimeMs),
});
