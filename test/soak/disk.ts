import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../../shared/errors.ts';
import { unmount } from '../support/mounts.ts';
import { cutPower } from '../support/power-cut.ts';

const UNMOUNT_TRIES = 100;
const UNMOUNT_PAUSE_MS = 100;

/** An ext4 of its own in a file, which can be full and lose its power. */
export class Disk implements Disposable {
  readonly directory: string;
  readonly #image: string;
  readonly #filler: string;

  constructor(directory: string, image: string, sizeBytes: number) {
    this.directory = directory;
    this.#image = image;
    this.#filler = join(directory, 'filler');
    closeSync(openSync(image, 'w'));
    truncateSync(image, sizeBytes);
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image], { stdio: 'pipe' });
    mkdirSync(directory);
    this.#mount();
  }

  /** Leaves no block free. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.directory);
    try {
      execFileSync('fallocate', ['-l', `${bavail * bsize}`, this.#filler], { stdio: 'pipe' });
    } catch {
      // Some of it is needed for what the file system notes about it: the small pieces take the rest.
    }
    for (let sizeBytes = 1024 * 1024; sizeBytes >= bsize; sizeBytes /= 2) {
      while (isAppended(this.#filler, sizeBytes));
    }
  }

  /** Resolves when there is room again. */
  async fillFor(ms: number): Promise<void> {
    this.fill();
    await delay(ms);
    this.free();
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  /** What the kernel does by itself sooner or later: everything that was written is on disk. */
  writeBack(): void {
    execFileSync('sync', ['-f', this.directory], { stdio: 'pipe' });
  }

  /** From here on every call fails; what was not fsynced is lost. */
  cutPower(): void {
    cutPower(this.directory);
  }

  /** Comes back as the journal has it. Nobody may use it any more. */
  async restorePower(): Promise<void> {
    await this.#unmount();
    this.#mount();
    this.free();
  }

  [Symbol.dispose](): void {
    unmount(this.directory);
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.directory], { stdio: 'pipe' });
  }

  /** Not the lazy way: another mount of the same image beside one that lingers would not be the same disk. */
  async #unmount(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        execFileSync('umount', [this.directory], { stdio: 'pipe' });
        return;
      } catch (error) {
        if (attempt === UNMOUNT_TRIES) throw error;
      }
      await delay(UNMOUNT_PAUSE_MS);
    }
  }
}

function isAppended(path: string, sizeBytes: number): boolean {
  try {
    writeFileSync(path, Buffer.alloc(sizeBytes), { flag: 'a', flush: true });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOSPC') return false;
    throw error;
  }
}
