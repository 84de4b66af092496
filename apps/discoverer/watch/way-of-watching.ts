import type { Clock } from '../../../shared/clock.ts';
import { EnvironmentError, errnoOf } from '../../../shared/errors.ts';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../shared/log/logger.ts';
import type { Kernel } from '../kernel.ts';
import type { WatchOwner } from './event-pump.ts';
import type { Watches } from './watches.ts';

/** How often to scan where events tell what comes: for what they lost. */
const SCAN_WATCHED_MS = 60_000;
/** How often where only scans tell. */
const SCAN_POLLING_MS = 10_000;

/** When watches that could not be had are tried again: somebody may have raised the limit, or given some back. */
const TRY_AGAIN_MS = 300_000;

/** Vanished, or not ours to read: the walk that comes next says so where it matters. */
const NO_SUCH_DIRECTORY: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES']);

export type WayOfWatchingOptions = {
  owner: WatchOwner;
  watches: Watches<WatchOwner>;
  kernel: Kernel;
  clock: Clock;
  logger: Logger;
};

/** Whether a route's directories are watched or polled, decided anew at each whole scan. A change is said once. */
export class WayOfWatching {
  readonly #options: WayOfWatchingOptions;
  #round = 0;
  #isWatching = false;
  #degraded: { tryAgainAtMs: number } | undefined;

  constructor(options: WayOfWatchingOptions) {
    this.#options = options;
  }

  get isWatching(): boolean {
    return this.#isWatching;
  }

  get scanEveryMs(): number {
    const { scanMs } = this.#options.owner.route.settings;
    return scanMs ?? (this.#isWatching ? SCAN_WATCHED_MS : SCAN_POLLING_MS);
  }

  /** A whole scan begins: `enter` is then called for each directory before it is listed. */
  begin(): void {
    const { watch } = this.#options.owner.route.settings;
    this.#round += 1;
    this.#isWatching = watch === 'inotify' || (watch === 'auto' && this.#mayTry());
    const network = this.#isWatching && watch === 'auto' ? this.#networkType() : undefined;
    if (network !== undefined) {
      this.#degrade(`${network} is a network file system, which tells nothing of what other machines do`);
    }
  }

  /**
   * Watches a directory, if this route is watched.
   *
   * @throws EnvironmentError where it cannot be and must be (`--watch inotify`)
   */
  enter(directory: BytePath): void {
    if (!this.#isWatching) return;
    const { owner, watches } = this.#options;
    try {
      watches.add({ owner, directory }, { isRoot: directory === owner.route.input, round: this.#round });
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (!NO_SUCH_DIRECTORY.has(errno)) this.#refused(errno, error);
    }
  }

  /** The whole scan is done: directories that it did not meet are watched no longer. */
  end(): void {
    const { owner, watches, logger } = this.#options;
    if (!this.#isWatching) return;
    watches.endBefore(owner, this.#round);
    if (this.#degraded === undefined) return;
    this.#degraded = undefined;
    const { name, settings } = owner.route;
    logger.info(
      { event: 'watch.recovered', route: name, input: settings.input },
      `${settings.input} is watched again`,
    );
  }

  #mayTry(): boolean {
    return this.#degraded === undefined || this.#options.clock.monotonicMs() >= this.#degraded.tryAgainAtMs;
  }

  /** The name of the file system that the input is on, where events do not tell all that happens on it. */
  #networkType(): string | undefined {
    const { owner, kernel } = this.#options;
    try {
      const { isNetwork, name } = kernel.fileSystemType(owner.route.input);
      return isNetwork ? name : undefined;
    } catch (error) {
      // Gone since it was looked at, which the scan finds out as well.
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }

  #refused(errno: string, cause: unknown): void {
    const { input, watch } = this.#options.owner.route.settings;
    const { reason, hint } = LIMITS[errno] ?? {
      reason: `inotify fails (${errno})`,
      hint: 'use --watch poll',
    };
    if (watch === 'inotify') {
      const details = { code: 'watch.unavailable', op: 'inotify', subject: input, hint, cause };
      throw new EnvironmentError(`${input} cannot be watched: ${reason}`, details);
    }
    this.#degrade(reason, hint);
  }

  #degrade(reason: string, hint?: string): void {
    const { owner, watches, clock, logger } = this.#options;
    this.#isWatching = false;
    watches.endBefore(owner, Number.POSITIVE_INFINITY);
    const isNew = this.#degraded === undefined;
    this.#degraded = { tryAgainAtMs: clock.monotonicMs() + TRY_AGAIN_MS };
    if (!isNew) return;
    const { name, settings } = owner.route;
    logger.warn(
      { event: 'watch.degraded', route: name, input: settings.input, reason, hint },
      `${settings.input} is scanned every ${this.scanEveryMs / 1000} s instead of watched: ${reason}`,
    );
  }
}

const LIMITS: Readonly<Record<string, { reason: string; hint: string }>> = {
  ENOSPC: {
    reason: 'this user has no inotify watches left',
    hint: 'raise it: sysctl fs.inotify.max_user_watches=1048576',
  },
  EMFILE: {
    reason: 'this user has no inotify instances left, or this process no descriptors',
    hint: 'raise it: sysctl fs.inotify.max_user_instances=1024',
  },
};
