import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, toText } from '../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../shared/log/logger.ts';

/** Beyond it directories are forgotten, and may be named again. */
const MOST_NAMED = 1000;

/** Says of each directory that cannot be read that it cannot, once and not at every scan. */
export class Refusals {
  readonly #logger: Logger;
  readonly #named = new Set<BytePath>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  refused(error: unknown, directory: BytePath): void {
    const reason = errnoOf(error);
    if (reason === undefined) throw error;
    if (this.#named.has(directory)) return;
    if (this.#named.size >= MOST_NAMED) this.#named.clear();
    this.#named.add(directory);
    const path = toText(directory);
    this.#logger.warn(
      { event: 'scan.refused', path, reason },
      `${path} cannot be read (${reason}): its files are not seen`,
    );
  }
}
