import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { METHODS } from '../contract.ts';
import { readFully } from '../zip/file-window.ts';
import { type DirectoryEntry, dataOffsetOf } from '../zip/read-directory.ts';
import { contentHash } from '../zip/read-member.ts';
import { ZipFault } from '../zip/zip-fault.ts';

/**
 * A larger member of a zip that somebody else made is not unpacked to be compared: it counts as another content. The same content is
 * then kept twice, and not one lost.
 */
const MOST_COMPARED_BYTES = 32 * 1024 ** 2;

/** What is known of the content that is compared: size and CRC where they are, since they spare reading what cannot be the same. */
export type Content = { sha256: Buffer; sizeBytes?: number; crc32?: number };

/**
 * Whether a member of a volume has this content: by its hash, where it says it, else by its bytes.
 *
 * @param open gives the volume, open
 * @throws as node:fs does
 */
export function isSameContent(open: () => number, entry: DirectoryEntry, content: Content): boolean {
  if (content.sizeBytes !== undefined && content.sizeBytes !== entry.sizeBytes) return false;
  if (content.crc32 !== undefined && content.crc32 !== entry.crc32) return false;
  if (entry.sha256 !== undefined) return entry.sha256.equals(content.sha256);
  if (entry.isEncrypted || entry.isDirectory) return false;
  if (entry.sizeBytes > MOST_COMPARED_BYTES || entry.packedBytes > MOST_COMPARED_BYTES) return false;
  return hashOf(open(), entry)?.equals(content.sha256) ?? false;
}

/**
 * Whether the bytes of a member are what the directory says of it: a disk may have spoiled them since. They are read, in bounded memory.
 *
 * @param open as above
 * @throws as node:fs does
 */
export async function isIntact(open: () => number, entry: DirectoryEntry): Promise<boolean> {
  // Then its bytes were what was compared.
  if (entry.sha256 === undefined) return true;
  const fd = open();
  try {
    const hash = await contentHash(fd, { ...entry, dataOffset: dataOffsetOf(fd, entry) });
    return hash.equals(entry.sha256);
  } catch (error) {
    if (error instanceof ZipFault) return false;
    throw error;
  }
}

/** Undefined where it cannot be unpacked. */
function hashOf(fd: number, entry: DirectoryEntry): Buffer | undefined {
  try {
    const packed = Buffer.alloc(entry.packedBytes);
    if (readFully(fd, packed, dataOffsetOf(fd, entry)) < packed.length) return undefined;
    const content = unpack(packed, entry);
    return content?.length === entry.sizeBytes ? createHash('sha256').update(content).digest() : undefined;
  } catch (error) {
    if (error instanceof ZipFault) return undefined;
    throw error;
  }
}

function unpack(packed: Buffer, { method, sizeBytes }: DirectoryEntry): Buffer | undefined {
  if (method === METHODS.store) return packed;
  if (method !== METHODS.deflate) return undefined;
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, sizeBytes) });
  } catch {
    // zlib has nothing to say here but that the data is wrong, or longer than it should be.
    return undefined;
  }
}
