import { type BigIntStats, statSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../../../shared/errors.ts';
import { type BytePath, toBytes, toText } from '../../../shared/fs/byte-path.ts';

/** Which directory an input is: another one after it was replaced, unmounted or mounted over. */
export type InputIdentity = { device: bigint; inode: bigint };

/** @returns what the input is now, or why it is not there; a symlink to it is followed */
export function inputIdentity(input: BytePath): InputIdentity | { reason: string } {
  let stats: BigIntStats;
  try {
    stats = statSync(toBytes(input), { bigint: true });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { reason: errno === 'ENOENT' ? 'it does not exist' : `it cannot be looked at (${errno})` };
  }
  return stats.isDirectory() ? { device: stats.dev, inode: stats.ino } : { reason: 'it is not a directory' };
}

export const isSameInput = (a: InputIdentity | undefined, b: InputIdentity | undefined): boolean =>
  a?.device === b?.device && a?.inode === b?.inode;

/** @throws EnvironmentError where the input is not there */
export function requireInput(input: BytePath): void {
  const found = inputIdentity(input);
  if ('reason' in found) throw missingInput(input, found.reason);
}

export const missingInput = (input: BytePath, reason: string): EnvironmentError =>
  new EnvironmentError(`the input ${toText(input)} is missing: ${reason}`, {
    code: 'input.missing',
    subject: toText(input),
    hint: 'make it, mount it, or give another with --input',
  });
