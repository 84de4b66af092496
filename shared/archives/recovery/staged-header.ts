import { UsageError } from '../../errors.ts';
import { parseArchivePath } from '../archive-path.ts';
import { METHODS, type Method, type StagedMember } from '../contract.ts';
import type { FileWindow } from '../zip/file-window.ts';
import { contentHash } from '../zip/read-member.ts';
import { ZipFault } from '../zip/zip-fault.ts';

/** What a header of a staging archive, local or central, says of its member, once it was found to be one. */
export type StagedHeader = Omit<StagedMember, 'to' | 'method' | 'name'> & {
  method: number;
  nameBytes: Buffer;
};

/** The file and how long it is, and a window on it that goes with the members. */
export type StagedFile = { fd: number; sizeBytes: number; window: FileWindow };

/**
 * The member, if its bytes are there and are right; else what is wrong with it.
 *
 * @throws as node:fs does
 */
export async function checked(
  { fd, sizeBytes, window }: StagedFile,
  header: StagedHeader,
): Promise<{ member: StagedMember } | { detail: string }> {
  const { nameBytes, ...facts } = header;
  const name = nameBytes.toString('utf8');
  const { method } = facts;
  if (!isMethod(method)) return { detail: `says that it is packed by method ${method}` };
  if (!Buffer.from(name, 'utf8').equals(nameBytes)) return { detail: 'has a name that is not UTF-8' };
  if (header.dataOffset + header.packedBytes > sizeBytes)
    return {
      detail: `was cut: ${Math.max(0, sizeBytes - header.dataOffset)} of ${header.packedBytes} bytes are there`,
    };
  try {
    const to = parseArchivePath(name);
    if (!(await contentHash(fd, facts, window)).equals(facts.sha256))
      return { detail: 'has another SHA-256 than its header says' };
    return { member: { ...facts, method, name, to } };
  } catch (error) {
    // Whatever bytes are in the file: these two speak of them, and of nothing else.
    if (error instanceof ZipFault || error instanceof UsageError) return { detail: error.message };
    throw error;
  }
}

const isMethod = (method: number): method is Method => method === METHODS.store || method === METHODS.deflate;
