import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { type DirectoryEntry, dataOffsetOf } from '../../../shared/archives/zip/read-directory.ts';
import { unreadable } from '../../../shared/archives/zip/read-local-header.ts';
import { readMember } from '../../../shared/archives/zip/read-member.ts';
import { errnoOf } from '../../../shared/errors.ts';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { renameNoReplace } from '../../../shared/linux/rename.ts';
import { setTimes } from '../../../shared/linux/set-times.ts';
import { type ExtractTree, unsafeName } from './extract-tree.ts';

export type ExtractOptions = {
  tree: ExtractTree;
  overwrite: boolean;
  /** The name that a file has until it is whole; not there yet in any directory. */
  temporaryName: string;
  nowMs: number;
  signal: AbortSignal;
};

/** What became of a member: `refused` is the end of a sentence that begins with it. */
export type Extracted = { bytes: number } | { refused: string } | { damaged: string };

const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Nobody else reads it before it is whole and has its own mode. */
const CREATE_MODE = 0o600;
/** Without set-user-ID and its like: an archive gives nobody rights. */
const MODE_BITS = 0o777;
const TYPE_BITS = 0o170000;
/** No type, a regular file, and a pipe, which `zip` has read like a file. */
const CONTENT_TYPES: readonly number[] = [0, 0o100000, 0o010000];

/**
 * Makes a file, or a directory, of a member. A file has its name when it is whole, its CRC is right, and mode and time are set, or not at
 * all; an existing one is only replaced where that was asked for.
 *
 * @throws ZipFault where its content is not what the archive says; as node:fs does
 */
export async function extractMember(
  fd: number,
  entry: DirectoryEntry,
  options: ExtractOptions,
): Promise<Extracted> {
  const unsafe = unsafeName(entry.name);
  if (unsafe !== undefined) return { damaged: `${unsafe}, and was left out` };
  try {
    if (entry.isDirectory)
      return options.tree.enter(entry.name.replace(/\/$/, '')) === undefined ? IN_THE_WAY : { bytes: 0 };
    return await extractFile(fd, entry, options);
  } catch (error) {
    const refused = REFUSALS.get(errnoOf(error) ?? '');
    if (refused === undefined) throw error;
    return { refused };
  }
}

const IN_THE_WAY = { refused: 'has a symbolic link or a file where its directory should be' };

/** What concerns one name and not the disk. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['EEXIST', 'is there already (--overwrite replaces it)'],
  ['EISDIR', 'is a directory here'],
  ['ENAMETOOLONG', 'has a name that is too long for this file system'],
  ['EILSEQ', 'has a name that this file system does not take'],
]);

async function extractFile(fd: number, entry: DirectoryEntry, options: ExtractOptions): Promise<Extracted> {
  const reason = unreadable(entry);
  if (reason !== undefined) return { refused: reason };
  if (!CONTENT_TYPES.includes(entry.mode & TYPE_BITS))
    return { refused: 'is a symbolic link or a device, and was left out' };
  const slash = entry.name.lastIndexOf('/');
  const directory = options.tree.enter(entry.name.slice(0, Math.max(0, slash)));
  if (directory === undefined) return IN_THE_WAY;
  const target = `${directory}/${entry.name.slice(slash + 1)}`;
  // So that what is refused anyway need not be unpacked first.
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (there !== undefined && !options.overwrite) return { refused: REFUSALS.get('EEXIST') ?? '' };
  const temporary = `${directory}/${options.temporaryName}`;
  const output = openSync(temporary, CREATE_FLAGS, CREATE_MODE);
  try {
    try {
      await writeContent(fd, entry, output, options);
    } finally {
      closeSync(output);
    }
    if (options.overwrite) renameSync(temporary, target);
    else renameNoReplace(fromText(temporary), fromText(target));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return { bytes: entry.sizeBytes };
}

async function writeContent(
  fd: number,
  entry: DirectoryEntry,
  output: number,
  { nowMs, signal }: ExtractOptions,
): Promise<void> {
  const data = { ...entry, dataOffset: dataOffsetOf(fd, entry) };
  for await (const piece of readMember(fd, data)) {
    signal.throwIfAborted();
    for (let written = 0; written < piece.length; ) written += writeSync(output, piece, written);
  }
  fchmodSync(output, entry.mode & MODE_BITS);
  if (Math.abs(entry.mtimeMs) <= MAX_TIME_MS)
    setTimes(output, {
      atimeNs: BigInt(Math.floor(nowMs)) * NS_PER_MS,
      mtimeNs: BigInt(entry.mtimeMs) * NS_PER_MS,
    });
}

const NS_PER_MS = 1_000_000n;
/** Some 285,000 years: what is beyond is nonsense, and what a file system cannot hold it cuts itself. */
const MAX_TIME_MS = 2 ** 53;
