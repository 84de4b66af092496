import { type BigIntStats, fstatSync } from 'node:fs';
import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import { unsigned } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import type { InFlight } from './custody.ts';

/** Whether a name is the inode that was decided. */
export const isDecidedInode = (stats: BigIntStats | undefined, { row }: InFlight): boolean =>
  stats !== undefined && unsigned(stats.dev) === row.device && unsigned(stats.ino) === row.inode;

/** What somebody did to a file behind our back while it was moved, if anything. */
export type Meddling = { waitsFor: 'stability' | 'writer'; why: string };

/**
 * Looked at after the file has left its old name for `movedTo`. Nobody can open it by the old name any longer, so no writer
 * now means no writer ever; and what a writer did before shows in size and mtime (ctime is changed by the move itself).
 */
export function meddlingWith(fd: number, movedTo: BytePath, inFlight: InFlight): Meddling | undefined {
  if (!isDecidedInode(lstatIfThere(movedTo), inFlight)) {
    return { waitsFor: 'stability', why: 'another file had taken its name' };
  }
  const { size, mtimeNs } = fstatSync(fd, { bigint: true });
  if (size !== BigInt(inFlight.row.sizeBytes) || mtimeNs !== inFlight.row.mtimeNs) {
    return { waitsFor: 'stability', why: 'it was written to while it was taken' };
  }
  return hasOpenWriter(fd) === 'yes'
    ? { waitsFor: 'writer', why: 'it was opened for writing while it was taken' }
    : undefined;
}
