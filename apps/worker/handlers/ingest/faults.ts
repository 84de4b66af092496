import { errnoOf } from '../../../../shared/errors.ts';

/** The process or the machine has run out of something, whatever file it was asked for. */
const MACHINE_FAULTS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** Failures of the place a file goes to, not of the file: they pass when somebody mends the machine. */
const PLACE_FAULTS: ReadonlySet<string> = new Set([
  ...MACHINE_FAULTS,
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EACCES',
  'EPERM',
  'ENOENT',
  'ENODEV',
  'ENXIO',
  'ESTALE',
  'ETIMEDOUT',
  'EHOSTDOWN',
  'ENOTCONN',
  'EBUSY',
]);

export const isPlaceFault = (error: unknown): boolean => PLACE_FAULTS.has(errnoOf(error) ?? '');
export const isMachineFault = (error: unknown): boolean => MACHINE_FAULTS.has(errnoOf(error) ?? '');
export const isPermission = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(errnoOf(error) ?? '');

const MEANING: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'input/output error of the device',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'the directory is missing',
  ENOTDIR: 'a file stands where a directory is needed',
  EISDIR: 'a directory stands where a file is needed',
  ELOOP: 'a symlink stands where a file is needed',
  ENAMETOOLONG: 'the name is too long for the file system',
  ESTALE: 'the network file system lost the file handle',
  EMFILE: 'too many open files of this process',
  ENFILE: 'too many open files on this machine',
  ENOMEM: 'no memory left',
};

/** An errno in words, the errno beside it. */
export function meaningOf(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error.message : String(error);
  return `${MEANING[errno] ?? 'the system refused'} (${errno})`;
}

const MEND: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space',
  EDQUOT: 'raise the quota or free some space',
  EROFS: 'mount it writable',
  EACCES: 'let this user write there',
  EPERM: 'let this user write there',
  ENOENT: 'mount its file system, or make the directory again',
  ENOTDIR: 'move the file away that stands in its path',
  EISDIR: 'move that directory away',
  ELOOP: 'replace the symlink by what it points to',
};

/** What a person can do about an errno of a place. */
export const mendOf = (error: unknown): string => MEND[errnoOf(error) ?? ''] ?? 'mend it';
