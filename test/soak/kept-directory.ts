import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that stays to be looked at, unless it is said that nothing was wrong. */
export class KeptDirectory implements Disposable {
  readonly path: string;
  #isKept = true;

  constructor(prefix: string, parent = tmpdir()) {
    this.path = mkdtempSync(join(parent, prefix));
  }

  /** Nothing was wrong: its disposal takes everything away. */
  removeWhenClosed(): void {
    this.#isKept = false;
  }

  [Symbol.dispose](): void {
    if (!this.#isKept) rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
