import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeDirectoryEnd } from '../zip/directory.ts';
import { FileWindow, readFully } from '../zip/file-window.ts';
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
 * The end of a staging archive whose directory is whole: each entry has its seal and the right random part, and members, directory and
 * end fill the file, without a gap. Anything less may be the end of a zip file that is a member here, of a file that was cut behind it.
 * Undefined where the local headers have to be asked.
 *
 * @throws as node:fs does
 */
export async function findWholeDirectory(
  fd: number,
  sizeBytes: number,
  random: string,
): Promise<DirectoryEnd | undefined> {
  try {
    const end = readDirectoryEnd(fd, sizeBytes);
    if (!endsFile(fd, sizeBytes, end)) return undefined;
    let [offset, entries] = [0, 0];
    for (const entry of readDirectory(fd, end)) {
      if (entry.random !== random || entry.headerOffset !== offset) return undefined;
      offset = dataOffsetIn(entry) + entry.packedBytes;
      entries += 1;
      if (entries % ENTRIES_A_TURN === 0) await nextTurn();
    }
    return offset === end.directoryOffset ? end : undefined;
  } catch (error) {
    if (error instanceof ZipFault) return undefined;
    throw error;
  }
}

/** Some milliseconds' worth; others get their turn then. */
const ENTRIES_A_TURN = 512;

/** Whether what a writer puts behind the directory stands there, to the byte, and nothing else. */
function endsFile(
  fd: number,
  sizeBytes: number,
  { entries, directoryOffset, directoryBytes }: DirectoryEnd,
): boolean {
  const records = encodeDirectoryEnd({ entries, directoryBytes, directoryOffset, comment: '' });
  const offset = directoryOffset + directoryBytes;
  const found = Buffer.alloc(records.length);
  if (offset + records.length !== sizeBytes) return false;
  return readFully(fd, found, offset) === found.length && found.equals(records);
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
