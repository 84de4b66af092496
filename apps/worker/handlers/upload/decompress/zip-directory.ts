import type { Entry, ZipFile } from 'yauzl';
import { fromFdPromise } from 'yauzl';
import { errnoOf, WharfingerError } from '../../../../../shared/errors.ts';
import { DecompressionError } from './error.ts';
import { isMadeOnUnix, memberName } from './member-name.ts';
import { directoryBytes } from './zip-end.ts';

/** The list of members is held in memory, some hundreds of bytes each. */
export const MAX_MEMBERS = 100_000;

const STORED = 0;
const DEFLATED = 8;
const ENTRY_HEADER_BYTES = 46;
const TYPE_BITS = 0o170000;
const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
/** `zip` writes it where it took the content from a pipe: it is content like any other. */
const PIPE = 0o010000;
const TYPES: readonly number[] = [0, REGULAR, DIRECTORY, PIPE];

export type ZipEntry = { name: string; entry: Entry };

/**
 * The files that a zip archive says it has; directories are left out.
 *
 * @throws DecompressionError: `truncated`, `corrupt`, `limit` (too many members), `unsupported` (encrypted, a method
 * other than stored and deflated, several volumes, links and devices), `names`, `empty`; as node:fs does
 */
export async function readDirectory(
  fd: number,
  sizeBytes: number,
): Promise<{ zip: ZipFile; entries: ZipEntry[] }> {
  const expectedBytes = await directoryBytes(fd, sizeBytes);
  try {
    // Names are checked here: yauzl would turn backslashes into slashes first.
    const zip = await fromFdPromise(fd, { autoClose: false, decodeStrings: false });
    if (zip.entryCount > MAX_MEMBERS)
      throw new DecompressionError('limit', 'zip', `has ${zip.entryCount} members, more than ${MAX_MEMBERS}`);
    const entries: ZipEntry[] = [];
    const names = new Set<string>();
    let bytes = 0;
    for await (const entry of zip.eachEntry()) {
      bytes += ENTRY_HEADER_BYTES + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
      const name = memberName(entry);
      if (names.has(name))
        throw new DecompressionError('names', 'zip', `two members are named ${JSON.stringify(name)}`);
      names.add(name);
      if (!isDirectory(entry, name)) entries.push({ name, entry });
    }
    if (bytes !== expectedBytes)
      throw new DecompressionError(
        'corrupt',
        'zip',
        `the directory has ${expectedBytes} bytes, not ${bytes}`,
      );
    if (entries.length === 0) throw new DecompressionError('empty', 'zip', 'has no members');
    return { zip, entries };
  } catch (error) {
    throw directoryFault(error);
  }
}

/** Looks at what sort of member it is; whether it is one without content. */
function isDirectory(entry: Entry, name: string): boolean {
  const quoted = JSON.stringify(name);
  if (entry.isEncrypted()) throw unsupported(`member ${quoted} is encrypted`);
  const type = isMadeOnUnix(entry) ? (entry.externalFileAttributes >>> 16) & TYPE_BITS : 0;
  if (!TYPES.includes(type)) throw unsupported(`member ${quoted} is a link or another thing that is no file`);
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    throw unsupported(`member ${quoted} is packed by method ${entry.compressionMethod}`);
  const endsInSlash = entry.fileNameRaw.at(-1) === 0x2f;
  if (!endsInSlash) return false;
  if (entry.uncompressedSize > 0)
    throw new DecompressionError('corrupt', 'zip', `directory ${quoted} has content`);
  return true;
}

/** yauzl has no codes: what is neither ours nor the system's is a fault of the archive. */
export function directoryFault(error: unknown): unknown {
  if (error instanceof WharfingerError || errnoOf(error) !== undefined || !(error instanceof Error))
    return error;
  return new DecompressionError('corrupt', 'zip', `cannot be read: ${error.message}`, error);
}

const unsupported = (what: string): DecompressionError => new DecompressionError('unsupported', 'zip', what);
