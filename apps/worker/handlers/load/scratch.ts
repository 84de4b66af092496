import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../../../shared/errors.ts';
import { tryLock } from '../../../../shared/linux/flock.ts';

/** What is younger may just be made, and not be locked yet. */
const YOUNG_MS = 60_000;

/** A directory of one load for what need not be kept. */
export type Scratch = {
  path: string;
  /** Removes it with all that is in it. Idempotent. */
  remove(): void;
};

/**
 * Makes a directory below `root`, beside the state file, and removes those that killed processes left there: each is locked (flock) as long as
 * its process lives.
 *
 * @throws as node:fs does
 */
export function makeScratch(root: string, nowMs: number): Scratch {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const path = mkdtempSync(join(root, 'load-'));
  const fd = lock(path);
  removeLeft(root, path, nowMs);
  let isThere = true;
  return {
    path,
    remove() {
      if (!isThere) return;
      isThere = false;
      rmSync(path, { recursive: true, force: true });
      if (fd !== undefined) closeSync(fd);
    },
  };
}

/** @returns undefined where somebody else has it, or the file system has no locks */
function lock(path: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    if (tryLock(fd)) return fd;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

/** What cannot be removed now is tried again with the next load. */
function removeLeft(root: string, own: string, nowMs: number): void {
  for (const name of readdirSync(root)) {
    const path = join(root, name);
    if (path === own || !name.startsWith('load-') || isYoung(path, nowMs)) continue;
    const fd = lock(path);
    if (fd === undefined) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    } finally {
      closeSync(fd);
    }
  }
}

function isYoung(path: string, nowMs: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined || nowMs - stats.mtimeMs < YOUNG_MS;
}
