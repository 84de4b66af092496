import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log/logger.ts';
import { Enqueuer } from '../../../shared/queue/enqueue.ts';
import type { State } from '../../../shared/state/open.ts';

/** Counting takes longer the more there are, and so do workers to make room that is worth it. */
const POLLS = { leastMs: 50, mostMs: 500, jobsAMs: 200 };

const pollMsOf = (queueLimit: number): number =>
  Math.min(POLLS.mostMs, Math.max(POLLS.leastMs, queueLimit / POLLS.jobsAMs));

/** After this long a count is not relied on: others put jobs as well, and delayed ones become ready. */
const COUNT_AGE_MS = 1000;

export type BackPressureOptions = {
  state: State;
  /** How many jobs may be ready before nothing more is put. */
  queueLimit: number;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
};

/** Keeps the queue near its limit: files that wait on their own disk cost nothing, jobs cost space in the state file. */
export class BackPressure {
  readonly #options: BackPressureOptions;
  readonly #queue: Enqueuer;
  /** Never less than there are, but for what others put: workers only take. */
  #atMost = Number.POSITIVE_INFINITY;
  #countedAtMs = 0;
  #isFull = false;

  constructor(options: BackPressureOptions) {
    this.#options = options;
    this.#queue = new Enqueuer(options.state);
  }

  /** Resolves once there is room. @throws the signal's reason when aborted */
  async room(): Promise<void> {
    const { queueLimit, logger, signal } = this.#options;
    signal.throwIfAborted();
    for (let ready = this.#ready(); ready >= queueLimit; ready = this.#ready()) {
      if (!this.#isFull) {
        this.#isFull = true;
        const message = 'the queue is at its limit; files wait where they are until workers have taken some';
        logger.info({ event: 'queue.full', ready, limit: queueLimit }, message);
      }
      await delay(pollMsOf(queueLimit), undefined, { signal });
    }
    if (this.#isFull) logger.info({ event: 'queue.resumed' });
    this.#isFull = false;
  }

  /** So many jobs were put. */
  put(jobs: number): void {
    this.#atMost += jobs;
  }

  /** Counting walks an index: not for every batch, only where the limit may be reached. */
  #ready(): number {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#atMost >= this.#options.queueLimit || nowMs - this.#countedAtMs >= COUNT_AGE_MS) {
      this.#atMost = this.#queue.readyCount();
      this.#countedAtMs = nowMs;
    }
    return this.#atMost;
  }
}
