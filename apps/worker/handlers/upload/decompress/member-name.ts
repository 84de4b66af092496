import { isUtf8 } from 'node:buffer';
import { type Entry, getFileNameLowLevel } from 'yauzl';
import { DecompressionError } from './error.ts';

/** No store takes a longer key, so no longer name can be of use, and a directory of many long names fits in memory. */
const MAX_NAME_BYTES = 1024;
const UTF8_FLAG = 0x800;
const UNIX_HOSTS: readonly number[] = [3, 19];

/** Whether the archive was made on Unix or macOS: names are then as the file system had them, and modes are there. */
export const isMadeOnUnix = (entry: Entry): boolean => UNIX_HOSTS.includes(entry.versionMadeBy >>> 8);

/**
 * The path that an archive gives a member, as UTF-8; without the slash at the end of a directory. What does not
 * say that it is UTF-8 is CP437, but for UTF-8 from a Unix: `zip` leaves out the mark where the locale is C.
 *
 * @throws decompress.names where it is absolute, leaves its directory, has an empty or `.` part, a NUL or a backslash
 * (some tools take it for a slash, so that one name would mean two things), is not UTF-8 though it says so, or is
 * too long
 */
export function memberName(entry: Entry): string {
  const { generalPurposeBitFlag: flags, fileNameRaw, extraFields } = entry;
  const isMarked = (flags & UTF8_FLAG) !== 0;
  const reallyUtf8 = isUtf8(fileNameRaw);
  const withMark = isMadeOnUnix(entry) && reallyUtf8 ? flags | UTF8_FLAG : flags;
  const name = getFileNameLowLevel(withMark, fileNameRaw, extraFields, true);
  if (isMarked && !reallyUtf8) throw hostile(name, 'is not UTF-8');
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw hostile(name, `is longer than ${MAX_NAME_BYTES} bytes`);
  if (name.includes('\0') || name.includes('\\')) throw hostile(name, 'has a NUL or a backslash');
  if (/^[A-Za-z]:/.test(name)) throw hostile(name, 'names a drive');
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..')
      throw hostile(name, 'is absolute, or has an empty part, `.` or `..`');
  }
  return path;
}

const hostile = (name: string, why: string): DecompressionError =>
  new DecompressionError('names', 'zip', `a member's name ${why}: ${JSON.stringify(name.slice(0, 200))}`);
