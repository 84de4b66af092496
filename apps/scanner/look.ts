import type { BigIntStats } from 'node:fs';
import type { BytePath } from '../../shared/fs/byte-path.ts';
import { latestCtimeMs } from '../../shared/fs/latest-ctime.ts';
import { lstatIfThere } from '../../shared/fs/lstat.ts';
import { type LeaseKernel, openWriterOf } from '../../shared/fs/writer-of.ts';
import type { FoundFile } from '../../shared/tables/scanner.ts';

/** A file of a store as one scan sees it. */
export type Look =
  | { is: 'new'; file: FoundFile }
  /** Somebody may still write to it. `changedMs`: from when on the next scan has to look. */
  | { is: 'incomplete'; changedMs: number }
  /** Taken before, from before the window, gone, or no regular file. */
  | { is: 'passed' };

export type LookOptions = {
  /** Where the window of this scan begins. */
  fromMs: number;
  nowMs: number;
  stabilityMs: number;
  ingestDate: string;
  kernel: LeaseKernel;
  isKnown(file: { path: BytePath; mtimeNs: bigint; sizeBytes: number }): boolean;
};

const PASSED: Look = { is: 'passed' };

const inMs = (ns: bigint): number => Number(ns / 1_000_000n);

/**
 * Looks at one name. In the window is what was last changed or brought here after its begin: nobody can set ctime, so that a file that
 * arrives late with an old modification time is in it too.
 *
 * @throws as node:fs does where it cannot be looked at
 */
export function lookAt(path: BytePath, options: LookOptions): Look {
  const stats = lstatIfThere(path);
  if (stats?.isFile() !== true) return PASSED;
  const changedMs = Math.max(inMs(stats.ctimeNs), inMs(stats.mtimeNs));
  if (changedMs < options.fromMs) return PASSED;
  const file = { path, sizeBytes: Number(stats.size), mtimeNs: stats.mtimeNs };
  if (options.isKnown(file)) return PASSED;
  // By ctime: a modification time that lies ahead would keep the mark where it is for no reason.
  const incomplete: Look = { is: 'incomplete', changedMs: inMs(stats.ctimeNs) };
  if (!isStable(stats, options)) return incomplete;
  if (openWriterOf(path, options.kernel) === 'yes') return incomplete;
  return { is: 'new', file: { ...file, ingestDate: options.ingestDate, custody: undefined } };
}

/** One that lies ahead was set by hand: what is written now has a ctime of now as well. */
function isStable({ mtimeNs, ctimeNs }: BigIntStats, { nowMs, stabilityMs }: LookOptions): boolean {
  if (stabilityMs === 0) return true;
  const writtenMs = latestCtimeMs(mtimeNs);
  const sinceMs = Math.max(latestCtimeMs(ctimeNs), writtenMs > nowMs ? 0 : writtenMs);
  return nowMs - sinceMs >= stabilityMs;
}
