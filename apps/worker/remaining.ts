import type { State } from '../../shared/state/open.ts';

/** A job due within this time is waited for by a worker that drains; one due later is left for the next run. */
const SOON_MS = 2_000;

/** Whether there is work that a draining worker still has to see done, by itself or by others. */
export class Remaining {
  readonly #any;

  constructor(state: State) {
    this.#any = state.prepare<[number], { any: number }>(`
      SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'ready')
          OR EXISTS (SELECT 1 FROM jobs WHERE lease_token IS NOT NULL)
          OR EXISTS (SELECT 1 FROM jobs WHERE state = 'delayed' AND run_at_ms <= ?) AS any`);
  }

  any(nowMs: number): boolean {
    return this.#any.get(nowMs + SOON_MS)?.any === 1;
  }
}
