import type { Lane } from '../../shared/queue/job.ts';
import type { State } from '../../shared/state/open.ts';

/**
 * Which lanes may take now, so that a suspect job is all that this worker has in hand. Suspects go first; what is in hand before them is
 * waited for, and small files go on while a large one is.
 */
export class Company {
  readonly #inHand: Record<Lane, number> = { batch: 0, alone: 0, suspect: 0 };
  readonly #hasSuspects;

  constructor(state: State) {
    this.#hasSuspects = state.prepare<[string], { any: number }>(
      "SELECT EXISTS (SELECT 1 FROM jobs WHERE kind = ? AND lane = 'suspect' AND state = 'ready') AS any",
    );
  }

  mayTake(kind: string, lane: Lane): boolean {
    const { batch, alone, suspect } = this.#inHand;
    if (suspect > 0) return false;
    if (lane === 'suspect') return batch + alone === 0;
    const isWaitedFor = this.#hasSuspects.get(kind)?.any === 1;
    return !isWaitedFor || (lane === 'batch' && alone > 0);
  }

  take(lane: Lane): void {
    this.#inHand[lane] += 1;
  }

  giveBack(lane: Lane): void {
    this.#inHand[lane] -= 1;
  }
}
