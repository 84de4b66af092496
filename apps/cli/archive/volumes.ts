import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseVolumeComment } from '../../../shared/archives/volumes/volume-comment.ts';
import { VolumeListing } from '../../../shared/archives/volumes/volume-listing.ts';
import { volumeName } from '../../../shared/archives/volumes/volume-name.ts';
import {
  type DirectoryEnd,
  type DirectoryEntry,
  readDirectory,
  readDirectoryEnd,
} from '../../../shared/archives/zip/read-directory.ts';
import { ZipFault } from '../../../shared/archives/zip/zip-fault.ts';
import { errnoOf, UsageError } from '../../../shared/errors.ts';

/** A zip file while it is open. */
export type OpenVolume = {
  /** As a person reads it: the path that was given, or one beside it. */
  path: string;
  fd: number;
  sizeBytes: number;
  end: DirectoryEnd;
};

export type FoundMember = { volume: OpenVolume; entry: DirectoryEntry };

/** Told of each volume that is no valid zip, or whose directory breaks off. */
export type OnFault = (path: string, fault: ZipFault) => void;

/** Which files were read already. With their sizes and times: an inode is soon another file's where archives are replaced meanwhile. */
export type Seen = Set<string>;

/**
 * The zip file at `path`, whoever made it, and the further volumes of the archive of that name, in their order. Each is closed when
 * the next is asked for. The file itself may be a further volume of another archive: it is shown for itself then.
 *
 * @param path as it was given
 * @param seen files that are in it are left out, others are added
 * @throws UsageError `archive.missing`; as node:fs does
 */
export function* eachVolume(
  path: string,
  cwd: string,
  onFault: OnFault,
  seen: Seen = new Set(),
): Generator<OpenVolume> {
  const file = resolve(cwd, path);
  const name = basename(file);
  yield* opened(path, file, onFault, seen, () => true);
  if (!/\.zip$/i.test(name)) return;
  for (const number of new VolumeListing(dirname(file)).numbersOf(name)) {
    const other = volumeName(name, number);
    yield* opened(join(dirname(path), other), join(dirname(file), other), onFault, seen, ({ end }) => {
      const said = parseVolumeComment(end.comment);
      return said?.of === name && said.volume === number;
    });
  }
}

/** The members of all volumes, in the order of their directories. */
export function* eachMember(path: string, cwd: string, onFault: OnFault): Generator<FoundMember> {
  for (const volume of eachVolume(path, cwd, onFault))
    for (const entry of entriesOf(volume, onFault)) yield { volume, entry };
}

/** Of one volume; ends where its directory breaks off. */
export function* entriesOf({ fd, end, path }: OpenVolume, onFault: OnFault): Generator<DirectoryEntry> {
  try {
    yield* readDirectory(fd, end);
  } catch (error) {
    if (!(error instanceof ZipFault)) throw error;
    onFault(path, error);
  }
}

/** Waiting for nobody at the other end of a FIFO. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

function* opened(
  path: string,
  file: string,
  onFault: OnFault,
  seen: Seen,
  isWanted: (volume: OpenVolume) => boolean,
): Generator<OpenVolume> {
  const fd = openArchive(path, file);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw missing(path, 'is no file');
    const key = [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(':');
    if (seen.has(key)) return;
    const volume = { path, fd, sizeBytes: stats.size, end: readDirectoryEnd(fd, stats.size) };
    if (!isWanted(volume)) return;
    seen.add(key);
    yield volume;
  } catch (error) {
    if (!(error instanceof ZipFault)) throw error;
    onFault(path, error);
  } finally {
    closeSync(fd);
  }
}

function openArchive(path: string, file: string): number {
  try {
    return openSync(file, OPEN_FLAGS);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') throw missing(path, 'is not there');
    throw error;
  }
}

const missing = (path: string, what: string): UsageError =>
  new UsageError(`${path} ${what}`, {
    code: 'archive.missing',
    subject: path,
    hint: 'give the path of a zip file, such as base/ar.zip',
  });
