import type { Logger } from '../../../shared/log/logger.ts';
import type { DiscoveredRoute } from '../route.ts';

/** Says of each route once that the open-writer check does not work there. */
export class NoLeases {
  readonly #logger: Logger;
  readonly #said = new Set<number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  met({ id, name, settings: { input } }: DiscoveredRoute): void {
    if (this.#said.has(id)) return;
    this.#said.add(id);
    const reason =
      'the kernel gives no lease: not on this file system, or not to this user for files of others';
    this.#logger.warn(
      { event: 'watch.no_lease_support', route: name, input, reason },
      `files in ${input} are not checked for a program that still has them open; run as their owner or with CAP_LEASE`,
    );
  }
}
