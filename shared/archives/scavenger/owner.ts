import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { fromText } from '../../fs/byte-path.ts';
import { lstatIfSeen } from '../../fs/lstat.ts';
import type { ProcessIdentity } from '../../linux/process-identity.ts';
import { isDead } from '../../linux/process-identity.ts';
import type { StagingName } from '../contract.ts';
import { identityDigits } from '../staging/staging-name.ts';
import type { ServerClock } from './server-clock.ts';

/** With `--flush`: three beats of a writer that lives. */
const FLUSH_MS = 30_000;

/** How long a staging archive of another host must have been silent before it is taken. */
export const silenceMs = ({ rotateMs, flush }: { rotateMs: number; flush: boolean }): number =>
  flush ? Math.min(FLUSH_MS, 2 * rotateMs) : 2 * rotateMs;

export type OwnerOptions = {
  here: ProcessIdentity;
  serverClock: ServerClock;
  silenceMs: number;
};

/**
 * Why an open staging archive may be taken; undefined while it is its writer's. Where the boot and the process name space are ours, it is as
 * long as the process lives, and no longer. Else only time tells: its ctime changes with each write and each beat.
 */
export function whyTake(file: string, name: StagingName, options: OwnerOptions): string | undefined {
  const { here, serverClock } = options;
  const { pid, pidStart } = name;
  if (name.identity === identityDigits(here))
    return isDead({ ...here, pid, pidStart }, here) ? `its writer, process ${pid}, is gone` : undefined;
  const changedMs = changedMsOf(file);
  if (changedMs === undefined) return undefined;
  // A time in the future says as little: the clock was set back, and nobody has written since.
  const silentForMs = Math.abs(serverClock.nowMs() - changedMs);
  return silentForMs > options.silenceMs
    ? `its writer, process ${pid} of ${name.host}, was silent for ${Math.round(silentForMs / 1000)} s`
    : undefined;
}

/** Opened, since a network file system answers a mere look out of its cache. Undefined where it is gone, or hidden from us. */
function changedMsOf(file: string): number | undefined {
  try {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return fstatSync(fd).ctimeMs;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    const stats = lstatIfSeen(fromText(file));
    return stats === undefined ? undefined : Number(stats.ctimeMs);
  }
}
