import { closeSync, fstatSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { isDead, type ProcessIdentity } from '../../linux/process-identity.ts';
import { identityDigits } from '../staging/staging-name.ts';

const HOLDER = 'holder.json';
const RELEASED = 'released';

/** Who has a lease, as it says so in the lease's directory. */
export type Holder = ProcessIdentity & { name: string };

export const holderText = (holder: Holder): string => `${holder.name} (process ${holder.pid})`;

/** @throws ENOENT where the directory is gone: the lease is another's */
export const writeHolder = (directory: string, holder: Holder): void =>
  writeFileSync(join(directory, HOLDER), encode(holder), { flag: 'wx' });

/**
 * Says that the holder lives: the same bytes again, so that nobody ever reads half of them.
 *
 * @throws ENOENT where the lease is another's
 */
export function touchHolder(directory: string, holder: Holder): void {
  // Never made anew: that would bring the file back into a directory that somebody empties.
  const fd = openSync(join(directory, HOLDER), 'r+');
  try {
    writeSync(fd, encode(holder), 0);
  } finally {
    closeSync(fd);
  }
}

/** Whether the lease is still there with its holder. */
export const hasHolder = (directory: string): boolean =>
  statSync(join(directory, HOLDER), { throwIfNoEntry: false }) !== undefined;

/** The lease is free from now on. */
export const writeReleased = (directory: string): void => writeFileSync(join(directory, RELEASED), '');

export const isReleased = (directory: string): boolean =>
  statSync(join(directory, RELEASED), { throwIfNoEntry: false }) !== undefined;

/** What can be known of a lease from outside: when it was last touched, by the file server's clock, and by whom. Undefined where it is gone. */
export function readHolder(directory: string): { changedMs: number; holder: Holder | undefined } | undefined {
  // Opened and not only looked at, since a network file system answers a look out of its cache.
  const fd = openIfThere(join(directory, HOLDER));
  if (fd === undefined) {
    const stats = statSync(directory, { throwIfNoEntry: false });
    return stats === undefined ? undefined : { changedMs: stats.ctimeMs, holder: undefined };
  }
  try {
    return { changedMs: fstatSync(fd).ctimeMs, holder: decode(readFileSync(fd, 'utf8')) };
  } finally {
    closeSync(fd);
  }
}

/** Whether the process is one of this boot and name space, and gone. */
export const isKnownDead = (identity: ProcessIdentity, here: ProcessIdentity): boolean =>
  identityDigits(identity) === identityDigits(here) && isDead(identity, here);

const encode = ({ name, host, boot, pid, pidStart }: Holder): string =>
  `${JSON.stringify({ name, host, boot, pid, pidStart })}\n`;

/** Undefined where it is not whole yet, or not ours. */
function decode(text: string): Holder | undefined {
  try {
    const found: Partial<Record<keyof Holder, unknown>> | null = JSON.parse(text);
    if (found === null) return undefined;
    const { name, host, boot, pid, pidStart } = found;
    const isWhole =
      typeof name === 'string' &&
      typeof host === 'string' &&
      typeof boot === 'string' &&
      typeof pid === 'number' &&
      typeof pidStart === 'string';
    return isWhole ? { name, host, boot, pid, pidStart } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
