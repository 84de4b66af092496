import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, dirname } from '../../../shared/fs/byte-path.ts';
import type { Kernel } from '../kernel.ts';

/** They have no ctime of their own: Linux shows mtime for it, which any program sets. */
const CTIME_IS_MTIME: ReadonlySet<string> = new Set(['vfat', 'exfat', 'msdos']);

/** Devices remembered; a tree has few. */
const MOST_KNOWN = 1000;

/**
 * Whether a file's ctime is set by this machine's clock, and by nothing else. Asked for each device once, since another file system may
 * be mounted anywhere below an input.
 */
export class CtimeTrust {
  readonly #kernel: Kernel;
  readonly #known = new Map<bigint, boolean>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  of(device: bigint, path: BytePath): boolean {
    const known = this.#known.get(device);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const answer = this.#ask(dirname(path));
    this.#known.set(device, answer);
    return answer;
  }

  /** A device number may be another file system's by now. */
  forget(): void {
    this.#known.clear();
  }

  #ask(directory: BytePath): boolean {
    try {
      const { name, isNetwork } = this.#kernel.fileSystemType(directory);
      return !isNetwork && !name.startsWith('fuse') && !CTIME_IS_MTIME.has(name);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }
}
