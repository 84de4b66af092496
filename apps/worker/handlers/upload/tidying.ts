import type { Clock } from '../../../../shared/clock.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { State } from '../../../../shared/state/open.ts';
import { OldRecords } from '../../../../shared/uploads/old-records.ts';
import { UnsaidFailures } from '../../../../shared/uploads/unsaid-failures.ts';

export type TidyingOptions = {
  state: State;
  clock: Clock;
  logger: Logger;
  random: () => number;
  keepRecordsDays?: number | undefined;
};

const DAY_MS = 86_400_000;
const KEEP_DAYS = 90;

/** How often it is looked for jobs that failed by the death of their workers (it reads all that have failed), and for old records. */
const EVERY_MS = 5_000;

/** Old records are looked for so long at a time, and when all were looked at not for so long. */
const MOST_MS = 20;
const REST_MS = 3_600_000;

/** What a worker clears up in the state file beside its jobs. Any number may do it at once. */
export class Tidying {
  readonly #options: TidyingOptions;
  readonly #failures: UnsaidFailures;
  readonly #old: OldRecords;
  #nextMs = Number.NEGATIVE_INFINITY;
  #nextOldMs = Number.NEGATIVE_INFINITY;

  constructor(options: TidyingOptions) {
    this.#options = options;
    this.#failures = new UnsaidFailures(options.state);
    this.#old = new OldRecords(options.state, options.random);
  }

  /** Stays whose job failed unsaid. @returns whether there is something to do for them. @throws what the state file refuses with */
  sayFailures(): boolean {
    return this.#failures.say(this.#options.clock.nowMs()) > 0;
  }

  /** Does nothing where it was done a moment ago. Never throws: what the state file refuses is tried again. */
  now(): void {
    const { clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    try {
      this.sayFailures();
      if (nowMs >= this.#nextOldMs) this.#removeOld(nowMs);
    } catch (error) {
      logger.debug({ event: 'state.refused', err: error });
    }
  }

  #removeOld(startedMs: number): void {
    const { clock, logger, keepRecordsDays = KEEP_DAYS } = this.#options;
    const beforeMs = clock.nowMs() - keepRecordsDays * DAY_MS;
    let removed = 0;
    for (let isEnd = false; !isEnd && clock.monotonicMs() - startedMs < MOST_MS; ) {
      const step = this.#old.step(beforeMs);
      removed += step.removed;
      isEnd = step.isEnd;
      if (isEnd) this.#nextOldMs = startedMs + REST_MS;
    }
    if (removed > 0) logger.debug({ event: 'records.removed', records: removed });
  }
}
