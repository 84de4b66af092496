import type { State } from '../state/open.ts';
import { lazyTransaction } from '../state/transaction.ts';
import { isoOf } from './file-record.ts';

/** Stays that are looked at in one step, so that nobody who writes waits for long. */
const STEP = 200;

type Row = { id: number; removable: 0 | 1 };

/**
 * Removes what nobody needs of stays that ended long ago, with their states, attempts and objects. What stays, however old:
 *
 * - a stay that is not over, or whose job is still there to be retried or dropped;
 * - the last that was sent under each key of a bucket, with its stay: `verify` compares it, a new content under its key is told from it,
 *   and where the file is gone the object is all that is left;
 * - a stay with an upload in parts that is still to be aborted.
 */
export class OldRecords {
  readonly #state: State;
  readonly #look;
  readonly #removals;
  /** The last that was looked at; a step goes on behind it. */
  #after: number;
  /** It began somewhere in the middle, and has not come to the first ones yet. */
  #isInMiddle: boolean;

  /** @param random from 0 to 1: who lives for a moment only, again and again, does not begin with the same ones each time */
  constructor(state: State, random: () => number) {
    this.#state = state;
    const last = state.prepare<[], number | null>('SELECT max(id) FROM file_records').pluck().get() ?? 0;
    this.#after = Math.floor(random() * last);
    this.#isInMiddle = this.#after > 0;
    this.#look = state.prepare<[string, number, number], Row>(`
      SELECT id, (
        current_state IN ('completed', 'failed', 'gone') AND last_updated < ?
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = job_id)
        AND NOT EXISTS (
          SELECT 1 FROM objects WHERE record_id = stays.id AND (
            upload_id IS NOT NULL OR asked_ms IS NOT NULL
            OR state = 'sent' AND NOT EXISTS (
              SELECT 1 FROM objects AS later INDEXED BY objects_sent JOIN file_records AS other ON other.id = later.record_id
              WHERE later.state = 'sent' AND later.key = objects.key AND later.id > objects.id AND other.bucket_id = stays.bucket_id)))
      ) AS removable
      FROM file_records AS stays WHERE id > ? ORDER BY id LIMIT ?`);
    this.#removals = [
      'DELETE FROM object_parts WHERE object_id IN (SELECT id FROM objects WHERE record_id = ?)',
      'DELETE FROM objects WHERE record_id = ?',
      'DELETE FROM upload_attempts WHERE record_id = ?',
      'DELETE FROM file_states WHERE record_id = ?',
      'DELETE FROM file_records WHERE id = ?',
    ].map((sql) => state.prepare<[number]>(sql));
  }

  /**
   * Looks at some, and removes of them what ended before `beforeMs`. Not waited for on disk: what a power cut takes back is removed again.
   * Safe to be called by several processes at once.
   *
   * @returns how many stays were removed, and whether all have been looked at now: the next step begins with the first
   */
  step(beforeMs: number): { removed: number; isEnd: boolean } {
    const look = () => this.#look.all(isoOf(beforeMs), this.#after, STEP);
    const seen = look();
    const removed = seen.some(isRemovable) ? lazyTransaction(this.#state, () => this.#remove(look())) : 0;
    const isLast = seen.length < STEP;
    const isEnd = isLast && !this.#isInMiddle;
    if (isLast) this.#isInMiddle = false;
    this.#after = isLast ? 0 : (seen.at(-1)?.id ?? 0);
    return { removed, isEnd };
  }

  #remove(rows: readonly Row[]): number {
    const old = rows.filter(isRemovable);
    for (const { id } of old) for (const removal of this.#removals) removal.run(id);
    return old.length;
  }
}

const isRemovable = ({ removable }: Row): boolean => removable === 1;
