import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Disk } from '../disk.ts';
import { KeptDirectory } from '../kept-directory.ts';

const MIB = 1024 * 1024;
const DISK_BYTES = 384 * MIB;
/** The image is sparse: what is not used costs nothing. */
const DISK_BYTES_A_MINUTE = 192 * MIB;

/** The directories of one soak: the base, on a disk of its own where there may be one, and what no calamity reaches. */
export class Place implements Disposable {
  readonly #directory = new KeptDirectory('wharfinger-archives-');
  readonly root = this.#directory.path;
  readonly disk: Disk | undefined;
  readonly base: string;
  readonly journals = join(this.root, 'journals');
  readonly temporary = join(this.root, 'temporary');
  readonly logs = join(this.root, 'logs');

  constructor(minutes: number, hasDisk: boolean) {
    const directory = join(this.root, 'disk');
    if (hasDisk)
      this.disk = new Disk(
        directory,
        join(this.root, 'disk.img'),
        DISK_BYTES + Math.ceil(minutes) * DISK_BYTES_A_MINUTE,
      );
    this.base = join(directory, 'archives');
    for (const path of [this.base, this.journals, this.temporary, this.logs])
      mkdirSync(path, { recursive: true });
    // Who makes the base has its name on disk.
    this.disk?.writeBack();
  }

  /** What of it can be looked at afterwards. */
  get kept(): string {
    return `${this.root}${this.disk === undefined ? '' : ' (mount -o loop disk.img disk)'}`;
  }

  /** Nothing was wrong: its disposal takes everything away. */
  removeWhenClosed(): void {
    this.#directory.removeWhenClosed();
  }

  [Symbol.dispose](): void {
    this.disk?.[Symbol.dispose]();
    this.#directory[Symbol.dispose]();
  }
}
