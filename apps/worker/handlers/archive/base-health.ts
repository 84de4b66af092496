import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveBases } from '../../../../shared/archive-sink/bases.ts';
import { makePlace, workOf } from '../../../../shared/archives/places.ts';
import { baseFault } from '../../../../shared/archives/staging/faults.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { EnvironmentError, WharfingerError } from '../../../../shared/errors.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { backoffMs } from '../../../../shared/queue/backoff.ts';

/** However long a base is away, it is looked at this often. */
const LONGEST_RETRY_MS = 10 * 60_000;

export type BaseHealthOptions = {
  clock: Clock;
  logger: Logger;
  random: () => number;
  bases: ArchiveBases;
  /** The first wait, which doubles. */
  retryMs: number;
};

/** Why nothing can be done in a base now, and when it is tried again. */
export type Refusal = { reason: string; runAtMs: number };

type Refusing = { reason: string; untilMonotonicMs: number; count: number };

/**
 * Which bases of archives refuse at present: said once in the log, not asked again for every file, and said when it is over.
 */
export class BaseHealth {
  readonly #options: BaseHealthOptions;
  readonly #refusing = new Map<string, Refusing>();

  constructor(options: BaseHealthOptions) {
    this.#options = options;
  }

  /** Whether a base refused a moment ago, or is not there; undefined where all is well. */
  refusalOf(base: string): Refusal | undefined {
    const { clock } = this.#options;
    const known = this.#refusing.get(base);
    const leftMs = (known?.untilMonotonicMs ?? 0) - clock.monotonicMs();
    if (known !== undefined && leftMs > 0) return { reason: known.reason, runAtMs: clock.nowMs() + leftMs };
    try {
      this.#ensureMark(base);
      return undefined;
    } catch (error) {
      const trouble = troubleOf(base, error);
      if (trouble === undefined) throw error;
      return this.refused(base, trouble);
    }
  }

  /** It refuses: less and less often asked, the last half of each wait left to chance. */
  refused(base: string, error: WharfingerError): Refusal {
    const { clock, logger, random, retryMs } = this.#options;
    const reason = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
    const count = (this.#refusing.get(base)?.count ?? 0) + 1;
    const boundMs = Math.min(LONGEST_RETRY_MS, retryMs * 2 ** Math.min(count - 1, 30));
    const halfMs = boundMs / 2;
    const waitMs = Math.ceil(halfMs + backoffMs(0, { baseMs: halfMs, capMs: halfMs }, random));
    this.#refusing.set(base, { reason, untilMonotonicMs: clock.monotonicMs() + waitMs, count });
    if (count === 1)
      logger.error(
        { event: 'place.refused', path: base, code: error.code, reason },
        `${reason}; the files wait, and go on by themselves when it is mended`,
      );
    return { reason, runAtMs: clock.nowMs() + waitMs };
  }

  works(base: string): void {
    if (!this.#refusing.delete(base)) return;
    this.#options.logger.info({ event: 'place.recovered', path: base }, `${base} works again`);
  }

  /** A base that was used once is told by its directory from the mount point of one that is away. */
  #ensureMark(base: string): void {
    const mark = join(base, '.wharfinger');
    if (isThere(mark)) return;
    const known = this.#options.bases.byPath(base);
    if (known?.marked === true && isThere(base))
      throw new EnvironmentError(
        `the base of archives ${base} has lost its .wharfinger: its file system is not mounted`,
        {
          code: 'archive.unmarked',
          subject: base,
          retryable: true,
          hint: `mount it, or, if this directory is right, run: mkdir '${mark}'`,
        },
      );
    makePlace(base, workOf(base));
  }
}

/** What stands in the way in a base, where it is the base that does. */
export function troubleOf(base: string, error: unknown): WharfingerError | undefined {
  const explained = baseFault(base, error);
  return explained instanceof WharfingerError && explained.retryable ? explained : undefined;
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
