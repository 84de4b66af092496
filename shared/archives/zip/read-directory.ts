import { FileWindow } from './file-window.ts';
import { ENTRY_BYTES } from './format.ts';
import { type DirectoryEnd, readDirectoryEnd } from './read-end.ts';
import { type DirectoryEntry, entryBytesOf, parseEntry } from './read-entry.ts';
import { ZipFault } from './zip-fault.ts';

export { dataOffsetOf } from './read-local-header.ts';
export { type DirectoryEnd, type DirectoryEntry, readDirectoryEnd };

/**
 * The entries of the directory in their order, in bounded memory.
 *
 * @throws ZipFault where it is not what its end says; as node:fs does
 */
export function* readDirectory(fd: number, end: DirectoryEnd): Generator<DirectoryEntry> {
  const window = new FileWindow(fd, end.directoryOffset + end.directoryBytes);
  let entryOffset = 0;
  for (let index = 0; index < end.entries; index += 1) {
    const entry = entryAt(window, end, entryOffset);
    entryOffset += entry.entryBytes;
    yield entry;
  }
  if (entryOffset !== end.directoryBytes)
    throw new ZipFault(
      `has a directory of ${end.directoryBytes} bytes, of which its entries have ${entryOffset}`,
    );
}

/**
 * One entry.
 *
 * @param entryOffset from the start of the directory, as `DirectoryEntry.entryOffset`
 * @throws ZipFault where no entry begins there; as node:fs does
 */
export const readEntryAt = (fd: number, end: DirectoryEnd, entryOffset: number): DirectoryEntry =>
  entryAt(new FileWindow(fd, end.directoryOffset + end.directoryBytes, ONE_ENTRY_BYTES), end, entryOffset);

/** Most entries are no longer. */
const ONE_ENTRY_BYTES = 512;

function entryAt(window: FileWindow, end: DirectoryEnd, entryOffset: number): DirectoryEntry {
  const offset = end.directoryOffset + entryOffset;
  const bytes = entryBytesOf(window.at(offset, ENTRY_BYTES));
  const entry = bytes === undefined ? undefined : window.at(offset, bytes);
  if (entryOffset < 0 || entry === undefined || entry.length !== bytes)
    throw new ZipFault(`has no entry at ${entryOffset} bytes into its directory`);
  return parseEntry(entry, entryOffset, end);
}
