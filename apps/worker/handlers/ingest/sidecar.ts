import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, basename, toBytes } from '../../../../shared/fs/byte-path.ts';
import { SIDECAR_SUFFIX } from '../../../../shared/fs/excluded.ts';
import { unsigned } from '../../../../shared/fs/fingerprint.ts';
import type { FileHash } from '../../../../shared/fs/hash-file.ts';
import { lstatIfSeen } from '../../../../shared/fs/lstat.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import type { Job } from '../../../../shared/queue/job.ts';
import type { Outcome, Sidecar } from './custody.ts';
import { meaningOf } from './faults.ts';

export type Checksum = { algorithm: 'sha256' | 'md5'; hex: string };

/** What a job's sidecar says; both undefined for a job of another mode. */
export type SidecarText = { sidecar: Sidecar | undefined; expected: Checksum | undefined };

/** Checksum files are short; what is longer is not one, and is not read into memory. */
const MOST_BYTES = 64 * 1024;

export const sidecarPathOf = (path: BytePath): BytePath => (path + SIDECAR_SUFFIX) as BytePath;

/** Whether a job's file was completed by a sidecar: said by the discoverer in the job's payload. */
export const hasSidecar = (job: Pick<Job, 'payload'>): boolean =>
  job.payload !== undefined && JSON.parse(job.payload).sidecar === true;

const sidecarOf = (path: BytePath, { dev, ino, ctimeNs }: BigIntStats): Sidecar => ({
  path,
  device: unsigned(dev),
  inode: unsigned(ino),
  ctimeNs,
});

/** Reads a job's sidecar, or says why the file has to wait or has failed. */
export function readSidecar(job: Job): SidecarText | Outcome {
  if (!hasSidecar(job)) return { sidecar: undefined, expected: undefined };
  const path = sidecarPathOf(job.key);
  let fd: number;
  try {
    fd = openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return wait(job, 'its sidecar is gone');
    return { end: 'failed', reason: `its sidecar cannot be read: ${meaningOf(error)}` };
  }
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) return wait(job, 'its sidecar is not a regular file');
    if (hasOpenWriter(fd) === 'yes') return wait(job, 'its sidecar is open for writing');
    const expected = parseChecksum(readText(fd), basename(job.key));
    if (expected === 'other file')
      return { end: 'failed', reason: 'its sidecar holds checksums, but none for this name' };
    return { sidecar: sidecarOf(path, stats), expected };
  } finally {
    closeSync(fd);
  }
}

/** The failure, where the sidecar's checksum is not that of the content. */
export function checkSidecar(job: Job, { expected }: SidecarText, hash: FileHash): Outcome | undefined {
  if (expected === undefined) return undefined;
  const actual = (expected.algorithm === 'md5' ? hash.md5 : hash.sha256)?.toString('hex');
  if (actual === expected.hex) return undefined;
  const file = basename(sidecarPathOf(job.key));
  return {
    end: 'failed',
    reason: `checksum mismatch: ${file} says ${expected.algorithm} ${expected.hex}, the content has ${actual}`,
  };
}

const wait = (job: Job, why: string): Outcome => ({
  end: 'candidate',
  waitsFor: 'sidecar',
  path: job.key,
  putBack: false,
  why,
});

function readText(fd: number): string {
  const bytes = Buffer.alloc(MOST_BYTES);
  return bytes.toString('latin1', 0, readSync(fd, bytes, 0, MOST_BYTES, 0));
}

/** `<hex>`, `<hex>  name`, `<hex> *name`, and GNU's leading backslash for escaped names; 64 digits are SHA-256, 32 are MD5. */
const LINE = /^[ \t]*(\\?)([0-9a-f]{64}|[0-9a-f]{32})([ \t].*)?$/is;

/** As Windows programs begin their text files; one byte a character here. */
const BYTE_ORDER_MARK = /^\u00ef\u00bb\u00bf/;

/**
 * The checksum that a sidecar holds for a file.
 *
 * @param text one byte a character, and so is the name
 * @returns undefined where the text holds no checksum at all, `other file` where it holds some, but none for this name
 */
export function parseChecksum(text: string, name: string): Checksum | 'other file' | undefined {
  const found = text
    .replace(BYTE_ORDER_MARK, '')
    .split('\n')
    .flatMap((line) => {
      const [, escaped = '', hex, rest = ''] = LINE.exec(line.replace(/\r$/, '')) ?? [];
      return hex === undefined ? [] : [{ hex: hex.toLowerCase(), names: namesIn(rest, escaped !== '') }];
    });
  if (found.length === 0) return undefined;
  const match = found.find(({ names }) => names.length === 0 || names.includes(name));
  if (match === undefined) return 'other file';
  return { algorithm: match.hex.length === 64 ? 'sha256' : 'md5', hex: match.hex };
}

/** What the rest of a line may name: a name may begin or end with a blank or a star, and files made by hand have blanks of their own. */
function namesIn(rest: string, escaped: boolean): string[] {
  const [exact] = /(?<=^ [ *]).+/s.exec(rest) ?? [];
  const loose = rest.replace(/^[ \t]+\*?|[ \t]+$/g, '');
  return loose === '' ? [] : [exact ?? loose, loose].map((named) => lastPart(named, escaped));
}

/** sha256sum writes the path it was called with; a leading backslash says that backslash and newline are escaped in it. */
function lastPart(named: string, escaped: boolean): string {
  const path = escaped
    ? named.replace(/\\([\\nr])/g, (_, c: string) => ({ n: '\n', r: '\r' })[c] ?? '\\')
    : named;
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A job's sidecar after a crash: only one that was there when the file was decided, not that of a file that came later. */
export function sidecarSeenBefore(job: Pick<Job, 'key' | 'payload'>, instantMs: number): Sidecar | undefined {
  if (!hasSidecar(job)) return undefined;
  const path = sidecarPathOf(job.key);
  const stats = lstatIfSeen(path);
  if (stats === undefined || stats.ctimeMs > BigInt(instantMs)) return undefined;
  return sidecarOf(path, stats);
}
