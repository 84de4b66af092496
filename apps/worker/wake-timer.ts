import type { Clock } from '../../shared/clock.ts';
import type { State } from '../../shared/state/open.ts';

/** How often to ask SQLite whether another process has written: some microseconds each time. */
const LOOK_MS = 200;
/** The same for a worker that is about to finish. */
const HURRIED_LOOK_MS = 25;
/** Whatever SQLite says, look for due jobs and ended leases this often. */
const LEAST_OFTEN_MS = 1_000;

export type WakeTimerOptions = {
  state: State;
  clock: Clock;
  wake(): void;
  /** It has jobs in hand, and is not about to finish. */
  isBusy(): boolean;
  /** Told what the state file refused with; the timer goes on. */
  onRefused(error: unknown): void;
};

/**
 * Wakes a worker that nobody wakes by message (it runs alone, or the jobs come from another supervisor), and whenever time itself makes
 * something due.
 */
export class WakeTimer {
  readonly #dataVersion;
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #isBusy: () => boolean;
  readonly #onRefused: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #lookMs = LOOK_MS;
  #version: unknown;
  #lastWakeMs = Number.NEGATIVE_INFINITY;

  constructor({ state, clock, wake, isBusy, onRefused }: WakeTimerOptions) {
    this.#dataVersion = state.prepare<[], number>('PRAGMA data_version').pluck();
    this.#clock = clock;
    this.#wake = wake;
    this.#isBusy = isBusy;
    this.#onRefused = onRefused;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      try {
        this.#look();
      } catch (error) {
        this.#onRefused(error);
      }
    }, this.#lookMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  hurry(): void {
    this.#lookMs = HURRIED_LOOK_MS;
    if (this.#timer === undefined) return;
    this.stop();
    this.start();
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const isHurried = this.#lookMs === HURRIED_LOOK_MS;
    if (isHurried && this.#isBusy() && nowMs - this.#lastWakeMs < LOOK_MS) return;
    const version = this.#dataVersion.get();
    if (!isHurried && version === this.#version && nowMs - this.#lastWakeMs < LEAST_OFTEN_MS) return;
    this.#version = version;
    this.#lastWakeMs = nowMs;
    this.#wake();
  }
}
