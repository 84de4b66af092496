import { type BigIntStats, unlinkSync } from 'node:fs';
import { type CrashPoints, noCrashPoints } from '../../../../shared/crash-points.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { unsigned } from '../../../../shared/fs/fingerprint.ts';
import { lstatIfThere } from '../../../../shared/fs/lstat.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import type { Sidecar } from './custody.ts';
import { meaningOf } from './faults.ts';
import type { IngestStore } from './store.ts';

/** At a time: a list that fits in memory. */
const PAGE = 1_000;

/**
 * Removes the sidecars of committed files, each only if it is still the inode that was read, and untouched: one of a later file, or written anew, stays. Idempotent,
 * also between processes; what a crash left is removed at the next start.
 */
export function removeSidecars(store: IngestStore, logger: Logger, crash: CrashPoints = noCrashPoints): void {
  const pending = store.removals.pending(PAGE);
  if (pending.length === 0) return;
  for (const removal of pending) removeSidecar(removal, logger);
  crash.reach('commit.sidecar-removed');
  writeTransaction(store.state, () => {
    for (const { id } of pending) store.removals.done(id);
  });
}

function removeSidecar(sidecar: Sidecar, logger: Logger): void {
  const { path } = sidecar;
  try {
    const stats = lstatIfThere(path);
    if (stats !== undefined && isStill(sidecar, stats)) unlinkSync(toBytes(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOENT') return;
    const reason = meaningOf(error);
    logger.warn(
      { event: 'sidecar.kept', path: toText(path), reason },
      `${toText(path)} cannot be removed: ${reason}`,
    );
  }
}

const isStill = ({ device, inode, ctimeNs }: Sidecar, stats: BigIntStats): boolean =>
  unsigned(stats.dev) === device && unsigned(stats.ino) === inode && stats.ctimeNs === ctimeNs;
