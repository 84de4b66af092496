import type { JobKind } from '../../shared/queue/job.ts';
import type { State } from '../../shared/state/open.ts';

/** A job due within this time is waited for by a worker that drains; one due later is left for the next run. */
const SOON_MS = 2_000;

/** Whether there is work that a draining worker still has to see done, by itself or by others: of the kinds that it takes. */
export class Remaining {
  readonly #any;

  /** @param kinds undefined: all */
  constructor(state: State, kinds?: readonly JobKind[]) {
    // The names are our own.
    const only = kinds === undefined ? '' : `AND kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})`;
    this.#any = state.prepare<[number], { any: number }>(`
      SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'ready' ${only})
          OR EXISTS (SELECT 1 FROM jobs WHERE lease_token IS NOT NULL ${only})
          OR EXISTS (SELECT 1 FROM jobs WHERE state = 'delayed' AND run_at_ms <= ? ${only}) AS any`);
  }

  any(nowMs: number): boolean {
    return this.#any.get(nowMs + SOON_MS)?.any === 1;
  }
}
