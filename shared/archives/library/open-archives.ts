import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../../clock.ts';
import { EnvironmentError } from '../../errors.ts';
import { thisProcess } from '../../linux/process-identity.ts';
import { type Compression, noArchiveCrashPoints, ROTATE_MS, SPILL_BYTES } from '../contract.ts';
import { Depositor } from '../staging/depositor.ts';
import { baseFault } from '../staging/faults.ts';
import type { DirectoryIdentity } from '../staging/known-base.ts';
import { Archives } from './archives.ts';
import { atExit } from './at-exit.ts';
import { assertWhole, optionFault } from './faults.ts';

export type ArchivesOptions = {
  /** A staging archive is closed so many seconds after it was begun, and can be collected then; 300 where none are given. */
  rotateSeconds?: number;
  /** `store` leaves contents as they are, for those that are compressed already; `deflate` where none is given. */
  compression?: Compression;
  /** Files that are larger while they are open go to a temporary file; 1 MiB where none are given. */
  spillBytes?: number;
  /** Where those temporary files lie, without names; the system's where none is given, which on some hosts is memory. */
  temporaryDirectory?: string;
  /** What staging archives say of the host; its name where none is given. */
  host?: string;
  /** Told when a staging archive could not be closed as it should. Nothing acknowledged is lost by it. */
  onError?(error: unknown): void;
};

/**
 * Opens the archives below a directory, to put many small files into few zip files. Any number of processes, on any number of hosts, may do so at
 * once without a server and without locks: each writes into a staging archive of its own, which a scavenger
 * collects (`wharfinger archive scavenge BASE`, or `startScavenger`).
 *
 *     await using archives = await openArchives('/srv/archives', { rotateSeconds: 300 });
 *     const file = archives.open('ar.zip/relpath/to/file');
 *     await file.write('…');
 *     await file.close();
 *
 * A file that was closed is never lost, whatever happens to this process; one that was not is in no archive. A process that exits without
 * `close()` closes its staging archive as its last step; what it had not been told to be durable may be lost then.
 *
 * @param base must exist: it may be the mount point of a file system that is away
 * @throws EnvironmentError `archive.base`; UsageError `archive.option`
 */
export async function openArchives(base: string, options: ArchivesOptions = {}): Promise<Archives> {
  const {
    rotateSeconds = ROTATE_MS / 1000,
    compression = 'deflate',
    spillBytes = SPILL_BYTES,
    temporaryDirectory = tmpdir(),
    host = hostname(),
    onError,
  } = options;
  if (!(rotateSeconds > 0) || !Number.isFinite(rotateSeconds))
    throw optionFault('rotateSeconds', 'is no number above 0');
  if (compression !== 'deflate' && compression !== 'store')
    throw optionFault('compression', 'is neither `deflate` nor `store`');
  assertWhole('spillBytes', spillBytes);
  const absolute = resolve(base);
  const baseIdentity = await assertDirectory(absolute);
  const depositor = new Depositor({
    base: absolute,
    baseIdentity,
    identity: thisProcess(),
    rotateMs: rotateSeconds * 1000,
    compression,
    clock: systemClock,
    randomBytes,
    crash: noArchiveCrashPoints,
    host,
    ...(onError === undefined ? {} : { onError }),
  });
  const onClosed = atExit(() => depositor.closeNow());
  return new Archives({
    base: absolute,
    depositor,
    clock: systemClock,
    spillBytes,
    temporaryDirectory,
    onClosed,
  });
}

async function assertDirectory(base: string): Promise<DirectoryIdentity> {
  const found = await stat(base, { bigint: true }).catch((error: unknown) => {
    throw baseFault(base, error);
  });
  if (found.isDirectory()) return found;
  throw new EnvironmentError(`the base of archives ${base} is no directory`, {
    code: 'archive.base',
    op: 'open',
    subject: base,
    hint: 'give the directory that the archives are to lie in',
  });
}
