import { lstatSync } from 'node:fs';
import type { Clock } from '../../../shared/clock.ts';
import { type BytePath, fromText, relativeTo, toBytes } from '../../../shared/fs/byte-path.ts';
import { destinationOf, withContentSuffix } from '../../../shared/ledger/destination.ts';
import type { PassMemory } from '../../../shared/ledger/pass-memory.ts';
import type { CustodyRoute } from '../route.ts';

/** Where files would go, each to a name that neither a file nor another one of this pass has. */
export class Destinations {
  readonly #memory: PassMemory;
  readonly #clock: Clock;

  constructor(memory: PassMemory, clock: Clock) {
    this.#memory = memory;
    this.#clock = clock;
  }

  inWarehouse(route: CustodyRoute, path: BytePath, sha256: Buffer): BytePath {
    return this.#free(route.settings.warehouse, route, path, sha256);
  }

  /** Undefined where duplicates are not moved. */
  ofDuplicate(route: CustodyRoute, path: BytePath, sha256: Buffer): BytePath | undefined {
    if (route.settings.onDuplicate !== 'move') return undefined;
    return this.#free(route.settings.duplicates, route, path, sha256);
  }

  #free(root: string, route: CustodyRoute, path: BytePath, sha256: Buffer): BytePath {
    const wanted = destinationOf(fromText(root), this.#clock.nowMs(), relativeTo(route.input, path));
    if (this.#take(wanted)) return wanted;
    const other = withContentSuffix(wanted, sha256);
    if (this.#take(other)) return other;
    for (let distinct = 1; ; distinct++) {
      const another = withContentSuffix(wanted, sha256, distinct);
      if (this.#take(another)) return another;
    }
  }

  #take(destination: BytePath): boolean {
    if (lstatSync(toBytes(destination), { throwIfNoEntry: false }) !== undefined) return false;
    return this.#memory.giveAway(destination);
  }
}
