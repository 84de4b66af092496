import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

const MAX_TRIES = 20;

/** A directory of our own that goes with the block that uses it, whatever is in it. */
export class WorkDirectory implements Disposable {
  readonly path: string;

  constructor(parent: string) {
    this.path = mkdtempSync(join(parent, 'wharfinger-bench-'));
  }

  /** A new empty directory in it. */
  make(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  [Symbol.dispose](): void {
    // A million files: rm is several times faster than Node. Killed processes may end only after their last fsync, and leave something more.
    for (let tries = 0; tries < MAX_TRIES && existsSync(this.path); tries++) {
      spawnSync('rm', ['-rf', '--', this.path]);
    }
  }
}
