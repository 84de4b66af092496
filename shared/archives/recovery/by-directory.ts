import { FileWindow } from '../zip/file-window.ts';
import { localHeaderBytes } from '../zip/local-header.ts';
import {
  type DirectoryEnd,
  type DirectoryEntry,
  readDirectory,
  readDirectoryEnd,
} from '../zip/read-directory.ts';
import { ZipFault } from '../zip/zip-fault.ts';
import type { Staged } from './read-staged.ts';
import { checked } from './staged-header.ts';

/**
 * The end of a staging archive whose directory is whole: each entry has its seal and the right random part, and the members that they
 * name fill the file from its start. Undefined where the local headers have to be asked.
 *
 * @throws as node:fs does
 */
export function findWholeDirectory(fd: number, sizeBytes: number, random: string): DirectoryEnd | undefined {
  try {
    const end = readDirectoryEnd(fd, sizeBytes);
    let offset = 0;
    for (const entry of readDirectory(fd, end)) {
      if (entry.random !== random || entry.headerOffset !== offset) return undefined;
      offset = dataOffsetIn(entry) + entry.packedBytes;
    }
    return offset === end.directoryOffset ? end : undefined;
  } catch (error) {
    if (error instanceof ZipFault) return undefined;
    throw error;
  }
}

/** Without a look at the local header, which may be what is damaged: its length is known. */
const dataOffsetIn = ({ headerOffset, nameBytes, sizeBytes, packedBytes }: DirectoryEntry): number =>
  headerOffset + localHeaderBytes(nameBytes.length, sizeBytes, true, packedBytes);

/** @param end of a directory that is whole */
export async function* byDirectory(fd: number, end: DirectoryEnd): AsyncGenerator<Staged, void, undefined> {
  const file = {
    fd,
    sizeBytes: end.directoryOffset,
    window: new FileWindow(fd, end.directoryOffset),
  };
  for (const entry of readDirectory(fd, end)) {
    const { nameBytes, method, crc32, sizeBytes, packedBytes, mtimeMs, mode, sha256, headerOffset } = entry;
    // An entry with the random part has the hash as well.
    if (sha256 === undefined) continue;
    const dataOffset = dataOffsetIn(entry);
    const facts = { nameBytes, method, crc32, sizeBytes, packedBytes, mtimeMs, mode, sha256 };
    const found = await checked(file, { ...facts, dataOffset });
    if ('member' in found) yield found;
    else {
      const bytes = dataOffset + packedBytes - headerOffset;
      yield { damage: { offset: headerOffset, bytes, name: entry.name, detail: found.detail } };
    }
  }
}
