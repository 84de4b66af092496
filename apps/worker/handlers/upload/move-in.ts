import { fstatSync } from 'node:fs';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import { unsigned } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfSeen, lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { renameNoReplace } from '../../../../shared/linux/rename.ts';
import type { FileRecord } from '../../../../shared/uploads/file-record.ts';
import type { Directories } from '../../directories.ts';
import type { Fence } from '../../fence.ts';
import { type Ended, ended, type Taken } from './stay.ts';

export type MoveContext = {
  fence: Fence;
  directories: Directories;
  crash: CrashPoints;
  /** When a file whose place refuses is tried again. */
  againMs: number;
};

/**
 * Brings a file that its record says is on its way to `processing` there. Its new name is durable after `directories.sync()`.
 *
 * Whoever had it open for writing in that moment, or had another file under its name, is seen afterwards: then it goes back.
 */
export function moveIn(file: Taken, root: BytePath, context: MoveContext): Taken | Ended {
  const { record, path, fd } = file;
  const { nextPath } = record;
  if (nextPath === undefined || nextPath === path || record.outcome !== undefined) return file;
  const { fence, directories, crash } = context;
  try {
    directories.make(root, nextPath);
    fence.assertHeld(file);
    if (!isAt(path, record)) return ended(file, { end: 'vanished' });
    renameNoReplace(path, nextPath);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOENT') directories.forget(nextPath);
    return refused(file, errno, context);
  }
  directories.touched(path);
  directories.touched(nextPath);
  crash.reach('upload.moved-in');
  const { size, mtimeNs } = fstatSync(fd, { bigint: true });
  const isUntouched = size === BigInt(record.sizeBytes) && mtimeNs === record.mtimeNs;
  if (isAt(nextPath, record) && isUntouched && hasOpenWriter(fd) !== 'yes')
    return { ...file, path: nextPath };
  return putBack(file, nextPath, context);
}

/** Whether a name is the file of a stay. */
export function isAt(path: BytePath, { device, inode }: Pick<FileRecord, 'device' | 'inode'>): boolean {
  const stats = lstatIfThere(path);
  return stats !== undefined && unsigned(stats.dev) === device && unsigned(stats.ino) === inode;
}

/** Where its old name is taken by now it stays, and is sent from there when nobody writes to it any more. */
function putBack(file: Taken, from: BytePath, { directories, againMs }: MoveContext): Ended {
  const why = 'a program wrote to it while it was taken';
  try {
    renameNoReplace(from, file.path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return ended(file, { end: 'delayed', reason: why, runAtMs: againMs, forBucket: false });
  }
  directories.touched(file.path);
  return ended(file, { end: 'candidate', waitsFor: 'writer', why, path: file.path });
}

function refused(file: Taken, errno: string, { againMs }: MoveContext): Ended {
  if (errno === 'ENOENT' && lstatIfSeen(file.path) === undefined) return ended(file, { end: 'vanished' });
  const reason =
    errno === 'EEXIST'
      ? 'an earlier file of this name is still on its way'
      : `it cannot be moved to processing (${errno})`;
  return ended(file, { end: 'delayed', reason, runAtMs: againMs, forBucket: false });
}
