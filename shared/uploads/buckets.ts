import type { State } from '../state/open.ts';

/** A bucket as one profile reaches it. `credentials` is the file that has the profile; '' where it is searched for. */
export type BucketName = { credentials: string; profile: string; bucket: string };

export type BucketRow = BucketName & {
  id: number;
  /** When it was last seen to be there; 0: never. */
  checkedMs: number;
  /** In a row. */
  failures: number;
  /** Nothing is sent before. */
  closedUntilMs: number;
  reason: string | undefined;
};

type Row = {
  id: number;
  credentials: string;
  profile: string;
  bucket: string;
  checked_ms: number;
  failures: number;
  closed_until_ms: number;
  reason: string | null;
};

/** What is known of each bucket, shared by all processes: that it is missing, or that its provider cannot be reached, is learned once. */
export class Buckets {
  readonly #insert;
  readonly #find;
  readonly #byId;
  readonly #close;
  readonly #open;
  readonly #take;
  readonly #wake;
  readonly #openAll;
  readonly #wakeAll;

  constructor(state: State) {
    this.#insert = state.prepare(
      'INSERT INTO buckets (credentials, profile, bucket) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#find = state.prepare<[string, string, string], Row>(
      'SELECT * FROM buckets WHERE credentials = ? AND profile = ? AND bucket = ?',
    );
    this.#byId = state.prepare<[number], Row>('SELECT * FROM buckets WHERE id = ?');
    this.#close = state.prepare(
      'UPDATE buckets SET failures = failures + 1, closed_until_ms = ?, reason = ? WHERE id = ?',
    );
    this.#open = state.prepare(
      'UPDATE buckets SET failures = 0, closed_until_ms = 0, reason = NULL, checked_ms = ? WHERE id = ?',
    );
    this.#take = state.prepare('UPDATE buckets SET closed_until_ms = ? WHERE id = ? AND closed_until_ms = ?');
    this.#openAll = state.prepare('UPDATE buckets SET closed_until_ms = 0');
    this.#wakeAll = state.prepare(`
      UPDATE jobs SET state = 'ready', run_at_ms = 0, updated_ms = ? WHERE state = 'delayed' AND id IN (
        SELECT job_id FROM file_records WHERE waits_for_bucket = 1)`);
    this.#wake = state.prepare(`
      UPDATE jobs SET state = 'ready', run_at_ms = 0, updated_ms = ? WHERE state = 'delayed' AND id IN (
        SELECT job_id FROM file_records WHERE bucket_id = ? AND waits_for_bucket = 1)`);
  }

  /** In a transaction of the caller where it is new. */
  get({ credentials, profile, bucket }: BucketName): BucketRow {
    const known = this.#find.get(credentials, profile, bucket);
    if (known !== undefined) return rowOf(known);
    this.#insert.run(credentials, profile, bucket);
    const row = this.#find.get(credentials, profile, bucket);
    if (row === undefined) throw new Error('a bucket that was inserted is there');
    return rowOf(row);
  }

  byId(id: number): BucketRow | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : rowOf(row);
  }

  /** Nothing is sent to it before `untilMs`. */
  close(id: number, untilMs: number, reason: string): void {
    this.#close.run(untilMs, reason, id);
  }

  /**
   * One asks for all whether it can be sent to again: whoever takes the question keeps the others waiting until `untilMs`.
   *
   * @returns false where another process took it first
   */
  takeQuestion({ id, closedUntilMs }: BucketRow, untilMs: number): boolean {
    return this.#take.run(untilMs, id, closedUntilMs).changes === 1;
  }

  /** Every bucket is looked at again at once, and what waits for one goes on: a person has come, who may have mended it. */
  lookAgain(nowMs: number): number {
    this.#openAll.run();
    return this.#wakeAll.run(nowMs).changes;
  }

  /** It can be sent to again: those that waited for it go on. @returns how many jobs are ready again */
  open(id: number, nowMs: number): number {
    this.#open.run(nowMs, id);
    return this.#wake.run(nowMs, id).changes;
  }
}

const rowOf = (row: Row): BucketRow => ({
  id: row.id,
  credentials: row.credentials,
  profile: row.profile,
  bucket: row.bucket,
  checkedMs: row.checked_ms,
  failures: row.failures,
  closedUntilMs: row.closed_until_ms,
  reason: row.reason ?? undefined,
});
