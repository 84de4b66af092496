import type { State } from '../state/open.ts';
import { isoOf } from './file-record.ts';

/** One try to send a file, as it ended. `interrupted`: stopped in good order, or its worker died. */
export type UploadAttempt = {
  recordId: number;
  startedMs: number;
  outcome: 'success' | 'failure' | 'interrupted';
  error?: string | undefined;
};

/** Every try to send a file, in the transaction that records what came of it. */
export class UploadAttempts {
  readonly #add;

  constructor(state: State) {
    this.#add = state.prepare(`
      INSERT INTO upload_attempts (record_id, number, started_at, ended_at, outcome, error)
      VALUES (@recordId, 1 + (SELECT count(*) FROM upload_attempts WHERE record_id = @recordId), @startedAt, @endedAt, @outcome, @error)`);
  }

  add({ recordId, startedMs, outcome, error }: UploadAttempt, nowMs: number): void {
    this.#add.run({
      recordId,
      outcome,
      error: error ?? null,
      startedAt: isoOf(startedMs),
      endedAt: isoOf(nowMs),
    });
  }
}
