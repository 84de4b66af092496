import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log/logger.ts';
import { explainStateError } from '../../../shared/state/open.ts';

export type PatienceOptions = {
  statePath: string;
  logger: Logger;
  /** How often in a row the state file may refuse before that ends the work. */
  mostRefusals: number;
  /** The first wait; each that follows is twice as long, up to the longest. */
  waits: { firstMs: number; longestMs: number };
  signal: AbortSignal;
};

/**
 * Goes on when the state file refuses for a while: full disk, locked, I/O error. What was found and could not be written is found
 * again, so that work which is begun anew loses nothing.
 */
export class Patience {
  readonly #options: PatienceOptions;
  #refusals = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /**
   * Does `work`, and again, with growing waits, where the state file refuses.
   *
   * @throws what else `work` throws; the refusal itself where no waiting mends it
   */
  async with<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await this.#refused(error);
      }
    }
  }

  /** To be called where something was written, or everything read. */
  worked(): void {
    if (this.#refusals > 0)
      this.#options.logger.info({ event: 'state.recovered' }, 'the state file works again');
    this.#refusals = 0;
  }

  async #refused(error: unknown): Promise<void> {
    const { statePath, logger, mostRefusals, waits, signal } = this.#options;
    signal.throwIfAborted();
    const explained = explainStateError(error, statePath);
    if (!(explained instanceof EnvironmentError) || !explained.retryable) throw explained;
    if (this.#refusals >= mostRefusals) throw explained;
    const waitMs = Math.min(waits.longestMs, waits.firstMs * 2 ** this.#refusals);
    this.#refusals += 1;
    if (this.#refusals === 1) {
      const { code, hint, message } = explained;
      logger.error({ event: 'state.refused', code, hint, retry_in_ms: waitMs }, message);
    }
    await delay(waitMs, undefined, { signal });
  }
}
