import type { Clock } from '../../../shared/clock.ts';
import { errnoOf } from '../../../shared/errors.ts';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../shared/log/logger.ts';
import type { Completion } from '../completion/completion.ts';
import type { Patience } from '../enqueue/patience.ts';
import type { Writer } from '../enqueue/writer.ts';
import type { Judge } from '../judge.ts';
import type { Kernel } from '../kernel.ts';
import type { DiscoveredRoute } from '../route.ts';
import { type InputIdentity, inputIdentity, isSameInput } from '../scan/input-directory.ts';
import { Refusals } from '../scan/refusals.ts';
import { type ScanOptions, scan } from '../scan/scan.ts';
import type { Sweeper } from '../scan/sweeper.ts';
import { Bell } from './bell.ts';
import type { WatchOwner } from './event-pump.ts';
import type { Watches } from './watches.ts';
import { WayOfWatching } from './way-of-watching.ts';

/** How often an input is looked for that is missing, or looked at for having become another directory: no event tells of a mount. */
const INPUT_CHECK_MS = 1000;

/** More directories that appear at once are left to a whole scan. */
const MOST_SUBTREES = 1000;

export type RouteWatcherOptions = {
  route: DiscoveredRoute;
  judge: Judge;
  writer: Writer;
  completion: Completion;
  sweeper: Sweeper;
  patience: Patience;
  watches: Watches<WatchOwner>;
  kernel: Kernel;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
};

/** Scans a route's input: at the start, from time to time, when something was missed, and when it comes back after it was gone. */
export class RouteWatcher implements WatchOwner {
  readonly route: DiscoveredRoute;
  readonly #options: RouteWatcherOptions;
  readonly #way: WayOfWatching;
  readonly #refusals: Refusals;
  readonly #bell = new Bell();
  readonly #subtrees = new Set<BytePath>();
  #isRescanAsked = false;
  #input: InputIdentity | undefined;
  #isMissing = false;

  constructor(options: RouteWatcherOptions) {
    this.route = options.route;
    this.#options = options;
    this.#way = new WayOfWatching({ ...options, owner: this });
    this.#refusals = new Refusals(options.logger);
  }

  get isWatching(): boolean {
    return this.#way.isWatching;
  }

  /** Whether the input was there when it was looked at last. */
  get isPresent(): boolean {
    return this.#input !== undefined;
  }

  enter(directory: BytePath): void {
    // The scan to come goes through it as well.
    if (this.#isRescanAsked) return;
    this.#subtrees.add(directory);
    if (this.#subtrees.size > MOST_SUBTREES) this.rescan();
    this.#bell.ring();
  }

  rescan(): boolean {
    if (this.#isRescanAsked) return false;
    this.#isRescanAsked = true;
    this.#bell.ring();
    return true;
  }

  /** @throws the signal's reason when aborted; EnvironmentError where the input must be watched and cannot be */
  async run(): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      if (this.#isThere()) {
        await this.#scanAll();
        await this.#rest();
      } else {
        await this.#bell.wait(INPUT_CHECK_MS, signal);
      }
    }
  }

  #isThere(): boolean {
    const found = inputIdentity(this.route.input);
    if ('reason' in found) {
      if (!this.#isMissing) this.#sayMissing(found.reason);
      this.#isMissing = true;
      this.#input = undefined;
      return false;
    }
    if (this.#isMissing) this.#sayRecovered();
    this.#isMissing = false;
    this.#input = found;
    return true;
  }

  #sayMissing(reason: string): void {
    const { name, settings } = this.route;
    const fields = { route: name, input: settings.input, reason };
    this.#options.logger.error(
      { event: 'input.missing', ...fields },
      `the input ${settings.input} is missing: ${reason}`,
    );
  }

  #sayRecovered(): void {
    const { name, settings } = this.route;
    const fields = { route: name, input: settings.input };
    this.#options.logger.info(
      { event: 'input.recovered', ...fields },
      `the input ${settings.input} is there again`,
    );
  }

  async #scanAll(): Promise<void> {
    const { route, completion, sweeper, patience, clock, logger } = this.#options;
    const startedAtMs = clock.monotonicMs();
    this.#isRescanAsked = false;
    this.#subtrees.clear();
    completion.trust.forget();
    this.#way.begin();
    const counts = await scan(route.input, { ...this.#scanOptions(), onBatch: () => this.#scanSubtrees() });
    this.#way.end();
    if (this.#isSameInput()) await sweeper.sweep(route, counts);
    patience.worked();
    logger.debug({
      event: 'scan.finished',
      route: route.name,
      files: counts.seen,
      excluded: counts.excluded,
      enqueued: counts.enqueued,
      candidates: counts.candidates,
      duration_ms: clock.monotonicMs() - startedAtMs,
    });
  }

  /** Until the next whole scan is due or asked for. */
  async #rest(): Promise<void> {
    const { clock, signal } = this.#options;
    const untilMs = clock.monotonicMs() + this.#way.scanEveryMs;
    while (!this.#isRescanAsked) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) return;
      await this.#bell.wait(Math.min(leftMs, INPUT_CHECK_MS), signal);
      signal.throwIfAborted();
      if (!this.#isSameInput()) return;
      await this.#scanSubtrees();
    }
  }

  /** Directories that appeared. What is in one of them when it is listed is found here, what comes later by its watch. */
  async #scanSubtrees(): Promise<void> {
    for (const directory of this.#subtrees) {
      this.#subtrees.delete(directory);
      if (this.#way.isWatching) await scan(directory, this.#scanOptions());
    }
  }

  #scanOptions(): ScanOptions {
    return {
      ...this.#options,
      enter: (directory) => {
        this.#way.enter(directory);
        return true;
      },
      onRefused: (error, directory) => {
        // Gone since it was looked at: found by the next look, and no matter below the input.
        const errno = errnoOf(error);
        if (errno !== 'ENOENT' && errno !== 'ENOTDIR') this.#refusals.refused(error, directory);
      },
    };
  }

  #isSameInput(): boolean {
    const found = inputIdentity(this.route.input);
    return !('reason' in found) && isSameInput(found, this.#input);
  }
}
