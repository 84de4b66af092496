import { UsageError } from '../errors.ts';
import type { ArchivePath } from './contract.ts';

/** A name of one part is no longer on any file system of Linux. */
const PART_BYTES = 255;
const PATH_BYTES = 4096;

/** What goes behind an archive's own name must fit into a part as well: `-123456` of a volume, `.idx` of its index. */
const ARCHIVE_NAME_BYTES = 240;

/** The archive's path stands below the base, and again below the directory of its indexes, where the kernel's 4,096 bytes are for all of it. */
const ARCHIVE_BYTES = 1024;

/** Where staging archives and the scavenger's own files lie. */
const RESERVED = ['inbox', '.wharfinger'];

/**
 * Judges where a deposit is to go, as `[DIRECTORIES/]ARCHIVE.zip/MEMBER`: the archive is all up to and with the first part that ends in
 * `.zip`, in either case. What it returns leads neither out of the base nor out of the archive, and can be made on a file system.
 *
 * @throws UsageError `archive.name`
 */
export function parseArchivePath(path: string): ArchivePath {
  // Programs that are not typed call it, too.
  if (typeof path !== 'string') throw refusal(String(path), 'is no text');
  const fault = faultOf(path);
  if (fault !== undefined) throw refusal(path, fault);
  const parts = path.split('/');
  const last = parts.findIndex((part) => /\.zip$/i.test(part));
  if (last === -1) throw refusal(path, 'names no archive: no part of it ends in `.zip`');
  if (last === parts.length - 1) throw refusal(path, 'names an archive and no member in it');
  const archive = parts.slice(0, last + 1).join('/');
  const [first = '', name = ''] = [parts[0], parts[last]];
  if (last > 0 && RESERVED.includes(first))
    throw refusal(path, `begins with ${first}/, where staging archives and the scavenger's files lie`);
  if (Buffer.byteLength(name) > ARCHIVE_NAME_BYTES)
    throw refusal(path, `has an archive whose name is longer than ${ARCHIVE_NAME_BYTES} bytes`);
  if (Buffer.byteLength(archive) > ARCHIVE_BYTES)
    throw refusal(path, `has an archive whose path is longer than ${ARCHIVE_BYTES} bytes`);
  return { archive, member: parts.slice(last + 1).join('/') };
}

/** The same, and undefined where it is none: for a path that somebody may mean so. */
export function archivePathIn(path: string): ArchivePath | undefined {
  try {
    return parseArchivePath(path);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** What is wrong with any path, be it archive or member. */
function faultOf(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.includes('\0')) return 'has a NUL in it';
  if (!path.isWellFormed()) return 'is not Unicode: half of a surrogate pair stands alone';
  if (Buffer.byteLength(path) > PATH_BYTES) return `is longer than ${PATH_BYTES} bytes`;
  if (path.startsWith('/')) return 'is absolute';
  for (const part of path.split('/')) {
    if (part === '') return 'has an empty part';
    if (part === '.' || part === '..') return `has \`${part}\` in it`;
    if (Buffer.byteLength(part) > PART_BYTES) return `has a part that is longer than ${PART_BYTES} bytes`;
  }
  return undefined;
}

const refusal = (path: string, wrong: string): UsageError =>
  new UsageError(`${JSON.stringify(shorten(path))} ${wrong}`, {
    code: 'archive.name',
    subject: path,
    hint: 'name it ARCHIVE.zip/PATH/OF/MEMBER, relative to the base; directories may stand before the archive',
  });

/** Of a name that is refused for its length nobody wants to see all. */
const shorten = (path: string): string => (path.length <= 200 ? path : `${path.slice(0, 200)}…`);
