import { statSync } from 'node:fs';
import { EnvironmentError, errnoOf, WharfingerError } from '../../errors.ts';
import { fromText } from '../../fs/byte-path.ts';
import { fsyncDirectory } from '../../fs/durable.ts';
import { AWAY, faultOfBase } from '../base-fault.ts';
import { inboxOf } from '../places.ts';

/** Of these no other archive of the same file system is spared. */
const OF_ALL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

export const isFaultOfAll = (error: unknown): boolean => OF_ALL.has(errnoOf(error) ?? '');

/** Of what has no place in `inbox/damaged/` or `inbox/quarantine/`. */
export const ASIDE = 'archive.aside';

/**
 * Lets pass what is the fault of one file in the inbox: all others are collected. A failed read may be of one bad sector, or of a disk that is gone;
 * then the inbox cannot be made durable either.
 *
 * @throws the error where it is no such fault, or the inbox's own
 */
export function assertOfOneFile(base: string, error: unknown): void {
  const errno = errnoOf(error);
  const isAside = error instanceof WharfingerError && error.code === ASIDE;
  if ((errno === undefined && !isAside) || isFaultOfAll(error)) throw error;
  if (errno === 'EIO') fsyncDirectory(fromText(inboxOf(base)));
}

/** In a sentence: the errno where there is one. */
export const reasonOf = (error: unknown): string =>
  errnoOf(error) ?? (error instanceof Error ? error.message : String(error));

/** What a failed system call below the base means to whoever collects: see `faultOfBase`. */
export const placeFault = (base: string, error: unknown): unknown => faultOfBase(base, error, 'scavenge');

/** What one archive's refusal means. Those that say so themselves are returned as they are. */
export function archiveFault(archive: string, error: Error): WharfingerError {
  if (error instanceof WharfingerError) return error;
  return new EnvironmentError(`${archive} cannot be written (${errnoOf(error) ?? error.message})`, {
    code: 'archive.cannot-write',
    op: 'scavenge',
    subject: archive,
    retryable: true,
    hint: 'look at its directory and its volumes; what is staged for it waits in the inbox',
    cause: error,
  });
}

/** @throws EnvironmentError `archive.base` where there is no such directory */
export function assertBase(base: string): void {
  const stats = statSync(base, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return;
  throw new EnvironmentError(
    `the base of archives ${base} ${stats === undefined ? 'is not there' : 'is no directory'}`,
    { code: 'archive.base', op: 'scavenge', subject: base, retryable: true, hint: AWAY.hint },
  );
}
