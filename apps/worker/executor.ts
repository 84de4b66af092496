import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';
import { EnvironmentError, LeaseLostError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { backoffMs } from '../../shared/queue/backoff.ts';
import type { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import type { LeasedJob } from '../../shared/queue/lease-store.ts';
import { Settlements } from '../../shared/queue/settle.ts';
import { explainStateError, type State } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import type { Handler } from './handler.ts';

const STATE_BACKOFF = { baseMs: 500, capMs: 10_000 };
const DEFECT_BACKOFF = { baseMs: 1_000, capMs: 60_000 };

export type ExecutorOptions = {
  state: State;
  keeper: LeaseKeeper;
  logger: Logger;
  clock: Clock;
  random: () => number;
  maxAttempts: number;
  stopping: AbortSignal;
};

/** The state file's: what else the environment lacks is met again at the next job. */
const isRefusal = (error: unknown): error is EnvironmentError =>
  error instanceof EnvironmentError && error.code.startsWith('state.');

/** Runs a handler on the jobs of one lease, and sees to it that the lease ends, however the handler does. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #settlements: Settlements;
  #refusals = 0;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#settlements = new Settlements(options.state);
  }

  /** Never rejects. When it resolves the lease is ended, or, at a stop while the state file refuses, left to run out. */
  async execute(handler: Handler, jobs: readonly LeasedJob[]): Promise<void> {
    const token = jobs[0]?.lease.token;
    if (token === undefined) return;
    try {
      await handler.handle(jobs);
    } catch (error) {
      await this.#answer(error, jobs, token);
    }
    await this.#endLease(token);
  }

  /** The state file refused (full, locked, read-only): said once, and waited for a little. Anything else is a defect. */
  async refused(error: unknown): Promise<void> {
    const { logger, random, stopping, state } = this.#options;
    const explained = explainStateError(error, state.name);
    if (!isRefusal(explained)) {
      logger.error({ event: 'defect', err: error }, 'a defect of wharfinger: please report it');
    } else if (this.#refusals === 0) {
      logger.error({ event: 'state.refused', code: explained.code, hint: explained.hint }, explained.message);
    }
    this.#refusals += 1;
    const waitMs = backoffMs(this.#refusals, STATE_BACKOFF, random);
    await delay(waitMs, undefined, { signal: stopping }).catch(() => undefined);
  }

  async #answer(error: unknown, jobs: readonly LeasedJob[], token: number): Promise<void> {
    const { logger, state } = this.#options;
    if (error instanceof LeaseLostError) {
      logger.warn(
        { event: 'lease.lost', token, jobs: jobs.length },
        'the lease ended meanwhile; nothing more was touched',
      );
      return;
    }
    if (isRefusal(explainStateError(error, state.name))) return await this.refused(error);
    logger.error(
      { event: 'defect', err: error, jobs: jobs.length },
      'a defect of wharfinger: please report it',
    );
    try {
      writeTransaction(state, () => {
        for (const job of jobs) this.#chargeDefect(job, token, error, jobs.length === 1);
      });
    } catch (refusal) {
      await this.refused(refusal);
    }
  }

  /** Which of several jobs is to blame nobody knows: each is handled alone next, and only there is charged. */
  #chargeDefect(job: LeasedJob, token: number, error: unknown, isAlone: boolean): void {
    const { clock, random, maxAttempts } = this.#options;
    if (!this.#settlements.holds(job.id, token)) return;
    const nowMs = clock.nowMs();
    const reason = `a defect of wharfinger: ${error instanceof Error ? error.message : String(error)}`;
    if (!isAlone) {
      this.#settlements.suspect(job.id, token, reason, nowMs);
      return;
    }
    if (job.attempts >= maxAttempts) {
      this.#settlements.fail(job.id, token, reason, nowMs);
      return;
    }
    const runAtMs = nowMs + backoffMs(job.attempts, DEFECT_BACKOFF, random);
    this.#settlements.delay(job.id, token, { runAtMs, reason, charged: true, nowMs });
  }

  async #endLease(token: number): Promise<void> {
    const { keeper, logger, stopping } = this.#options;
    for (;;) {
      try {
        keeper.end(token);
        if (this.#refusals > 0) logger.info({ event: 'state.recovered' }, 'the state file works again');
        this.#refusals = 0;
        return;
      } catch (error) {
        if (stopping.aborted) return;
        await this.refused(error);
      }
    }
  }
}
