import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type BytePath, toBytes } from '../../fs/byte-path.ts';
import { fingerprintOf } from '../../fs/fingerprint.ts';
import { changedFault, fileFault } from './faults.ts';

/** Without O_NONBLOCK a FIFO would wait for its writer. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export type OpenedFile = { fd: number; stats: BigIntStats };

/**
 * Opens a regular file, and nothing else; the descriptor is the caller's to close.
 *
 * @throws FileFaultError `load.missing`, `load.not_regular`, `load.unreadable`; else as node:fs does
 */
export function openRegular(fileId: number, path: BytePath): OpenedFile {
  const fd = open(fileId, path);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) throw notRegular(fileId);
    return { fd, stats };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** @throws FileFaultError `load.changed` where somebody wrote to the file, renamed it or removed it since it was opened */
export function assertUnchanged(fileId: number, file: OpenedFile): void {
  if (!isUnchanged(file)) throw changedFault(fileId, 'it changed while it was read');
}

/** Whether nobody wrote to the file, renamed it or removed it since it was opened. */
export const isUnchanged = ({ fd, stats }: OpenedFile): boolean =>
  fingerprintOf(fstatSync(fd, { bigint: true })) === fingerprintOf(stats);

function open(fileId: number, path: BytePath): number {
  try {
    return openSync(toBytes(path), FLAGS);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ENAMETOOLONG')
      throw fileFault(fileId, 'load.missing', 'it is not there any more', undefined, error);
    if (errno === 'ELOOP' || errno === 'ENXIO') throw notRegular(fileId, error);
    if (errno === 'EACCES' || errno === 'EPERM')
      throw fileFault(
        fileId,
        'load.unreadable',
        'it may not be read',
        'give the user of this program the right to read it',
        error,
      );
    throw error;
  }
}

const notRegular = (fileId: number, cause?: unknown) =>
  fileFault(fileId, 'load.not_regular', 'it is no regular file', undefined, cause);
