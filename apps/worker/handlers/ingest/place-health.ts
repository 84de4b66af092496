import type { Clock } from '../../../../shared/clock.ts';
import { EnvironmentError, errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, toText } from '../../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { backoffMs } from '../../../../shared/queue/backoff.ts';
import type { Route, Routes } from '../../../../shared/queue/routes.ts';
import { meaningOf, mendOf } from './faults.ts';
import type { ManifestsOwner } from './manifests-owner.ts';
import { ensureMark } from './mark.ts';

/** A place that refuses is tried again after a second, and then less and less often, but at least twice a minute. */
const BACKOFF = { baseMs: 1_000, capMs: 30_000 };

const COMFORT = 'the files wait where they are and go on by themselves when it is mended';

/** Why nothing can go to a place now, and when it is tried again. */
export type Refusal = { reason: string; untilMs: number };

/** Until when is kept by the clock that never jumps. */
type Refusing = { reason: string; untilMonotonicMs: number; count: number };

export type PlaceHealthOptions = {
  clock: Clock;
  logger: Logger;
  random: () => number;
  routes: Routes;
  manifestsOwner: ManifestsOwner;
};

/**
 * Which places (a warehouse, a directory of manifests or of duplicates) refuse at present: said once in the log, not asked
 * again for every file, and said when it is over.
 */
export class PlaceHealth {
  readonly #options: PlaceHealthOptions;
  readonly #refusing = new Map<BytePath, Refusing>();

  constructor(options: PlaceHealthOptions) {
    this.#options = options;
  }

  /** Whether the places that every file of a route needs refuse; undefined where all is well. */
  refusalOf(route: Route): Refusal | undefined {
    for (const place of [route.warehouse, route.manifests]) {
      const refusal = this.#present(place);
      if (refusal !== undefined) return refusal;
    }
    const { routes, manifestsOwner } = this.#options;
    return (
      this.#refusalAt(route.warehouse, route, () => ensureMark(route, routes)) ??
      this.#refusalAt(route.manifests, route, () => manifestsOwner.ensure(route.manifests))
    );
  }

  #refusalAt(place: BytePath, route: Route, ensure: () => void): Refusal | undefined {
    try {
      ensure();
      return undefined;
    } catch (error) {
      if (!(error instanceof EnvironmentError) && errnoOf(error) === undefined) throw error;
      return this.refused(place, route, error);
    }
  }

  /** A place did not take a file, or a line. */
  refused(place: BytePath, route: Pick<Route, 'name'>, error: unknown): Refusal {
    const { clock, logger, random } = this.#options;
    const present = this.#present(place);
    if (present !== undefined) return present;
    const before = this.#refusing.get(place);
    const count = (before?.count ?? 0) + 1;
    const waitMs = BACKOFF.baseMs / 2 + backoffMs(count - 1, BACKOFF, random);
    const isExplained = error instanceof EnvironmentError;
    const what = isExplained ? error.message : `${toText(place)} refuses: ${meaningOf(error)}`;
    const reason = `${what}; to mend it: ${isExplained ? error.hint : mendOf(error)}`;
    this.#refusing.set(place, { reason, count, untilMonotonicMs: clock.monotonicMs() + waitMs });
    if (before?.reason !== reason) {
      const path = toText(place);
      logger.error({ event: 'place.refused', route: route.name, path, reason }, `${reason}; ${COMFORT}`);
    }
    return { reason, untilMs: clock.nowMs() + Math.ceil(waitMs) };
  }

  /** What is not to be tried yet. */
  #present(place: BytePath): Refusal | undefined {
    const { clock } = this.#options;
    const refusing = this.#refusing.get(place);
    const leftMs = refusing === undefined ? 0 : refusing.untilMonotonicMs - clock.monotonicMs();
    if (refusing === undefined || leftMs <= 0) return undefined;
    return { reason: refusing.reason, untilMs: clock.nowMs() + Math.ceil(leftMs) };
  }

  /**
   * It took a file, or a line, and that is committed. While it is known to refuse that says little: a disk that is too full for one file may
   * take a smaller one of the same batch.
   */
  works(place: BytePath, route: Pick<Route, 'name'>): void {
    if (this.#present(place) !== undefined || !this.#refusing.delete(place)) return;
    const path = toText(place);
    this.#options.logger.info(
      { event: 'place.recovered', route: route.name, path },
      `${path} takes files again`,
    );
  }
}
