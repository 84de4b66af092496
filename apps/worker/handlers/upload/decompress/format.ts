import { readPiece } from './read-range.ts';

export type Format = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'zip' | 'none';

const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const ZSTD_MAGIC = 0xfd2fb528;
/** A local header, the end of an empty archive, and the two marks of an archive that was to be split. */
const ZIP_MAGICS: readonly number[] = [0x04034b50, 0x06054b50, 0x08074b50, 0x30304b50];
/** What follows `BZh` and the level: the magic of a block, or that of the end where there is no block. */
const BZIP2_NEXT = [Buffer.from('314159265359', 'hex'), Buffer.from('177245385090', 'hex')];

/** Of the magic of a frame that decoders skip; the last digit is free. Other formats have such frames as well. */
export const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184d2a5;

/**
 * What the content is, by its first bytes. A file that is cut within these is 'none', since any file could begin
 * so. A text may begin like bzip2: there the bytes that follow must fit, as far as there are any.
 *
 * @throws as `readRange` does
 */
export async function formatOf(fd: number, sizeBytes: number): Promise<Format> {
  const head = await readPiece(fd, 0, Math.min(sizeBytes, 10));
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return 'gzip';
  if (head.length < 4) return 'none';
  const magic = head.readUInt32LE(0);
  if (ZIP_MAGICS.includes(magic) && (magic !== 0x30304b50 || head.toString('latin1', 4, 6) === 'PK'))
    return 'zip';
  if (magic === ZSTD_MAGIC || (isSkippable(magic) && (await isZstdBehind(fd, sizeBytes)))) return 'zstd';
  if (head.subarray(0, 6).equals(XZ_MAGIC)) return 'xz';
  return isBzip2(head) ? 'bzip2' : 'none';
}

function isBzip2(head: Buffer): boolean {
  if (!/^BZh[1-9]$/.test(head.toString('latin1', 0, 4))) return false;
  const next = head.subarray(4, 10);
  return BZIP2_NEXT.some((magic) => magic.subarray(0, next.length).equals(next));
}

/** The first frame that is not skipped tells; where the file ends before it, nobody but zstd begins so. */
async function isZstdBehind(fd: number, sizeBytes: number): Promise<boolean> {
  for (let position = 0; position + 4 <= sizeBytes; ) {
    const header = await readPiece(fd, position, Math.min(position + 8, sizeBytes));
    const magic = header.readUInt32LE(0);
    if (!isSkippable(magic)) return magic === ZSTD_MAGIC;
    if (header.length < 8) return true;
    position += 8 + header.readUInt32LE(4);
  }
  return true;
}
