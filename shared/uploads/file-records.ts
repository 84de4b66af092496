import { type BytePath, toBytes } from '../fs/byte-path.ts';
import { toSigned } from '../ledger/integers.ts';
import type { State } from '../state/open.ts';
import {
  type Conclusion,
  type Ending,
  type FileRecord,
  type FileRecordRow,
  type InHand,
  isoOf,
  type NewRecord,
  RECORD_COLUMNS,
  type RecordState,
  recordOf,
} from './file-record.ts';

const OPEN = "current_state IN ('incoming', 'processing')";

/**
 * The stays of files on their way to object storage: one row a stay, with each state it was in. A stay is open until it is
 * `completed`, `failed` or `gone`; then nothing of it changes any more. Times are ISO 8601, since the table is for people too.
 *
 * Every method that writes is to be called inside a transaction.
 */
export class FileRecords {
  readonly #insert;
  readonly #addState;
  readonly #addStates;
  readonly #knownJobs;
  readonly #openOfJob;
  readonly #lastOfJob;
  readonly #openOfInode;
  readonly #byId;
  readonly #ofCopies;
  readonly #arrive;
  readonly #adopt;
  readonly #begin;
  readonly #wait;
  readonly #conclude;
  readonly #redirect;
  readonly #close;
  readonly #addRetry;
  readonly #remove;
  readonly #removeStates;

  constructor(state: State) {
    const read = <Parameters extends unknown[]>(where: string) =>
      state
        .prepare<Parameters, FileRecordRow>(`SELECT ${RECORD_COLUMNS} FROM file_records WHERE ${where}`)
        .safeIntegers();
    // SQLite compiles a statement with an ORDER BY or a max anew whenever something is bound to it that its plan may depend on, which takes
    // many times as long as to run it. On what stands in a SELECT of its own no plan depends.
    this.#insert = state.prepare<unknown[], { id: number; attempt: number }>(`
      INSERT INTO file_records (
        profile, bucket, filepath, file_creation_date, current_state, last_updated, attempt, bucket_id, sink_id, job_id, path, next_path,
        device, inode, size_bytes, mtime_ns, ledger_id)
      VALUES (@profile, @bucket, @filepath, @createdAt, @state, @at,
        1 + ifnull((SELECT max(attempt) FROM file_records
          WHERE profile = (SELECT @profile) AND bucket = (SELECT @bucket) AND filepath = (SELECT @filepath)
            AND file_creation_date = (SELECT @createdAt)), 0),
        @bucketId, @sinkId, @jobId, @path, @nextPath, @device, @inode, @sizeBytes, @mtimeNs, @ledgerId)
      RETURNING id, attempt`);
    this.#addState = state.prepare('INSERT INTO file_states (record_id, state, at) VALUES (?, ?, ?)');
    this.#addStates = state.prepare(
      'INSERT INTO file_states (record_id, state, at) VALUES (?, ?, ?), (?, ?, ?)',
    );
    this.#knownJobs = state
      .prepare<[string], number>(
        'SELECT job_id FROM file_records WHERE job_id IN (SELECT value FROM json_each(?))',
      )
      .pluck();
    this.#openOfJob = read<[number]>(`job_id = ? AND ${OPEN}`);
    this.#lastOfJob = read<[number]>('job_id = ? ORDER BY id DESC LIMIT 1');
    this.#openOfInode = read<[bigint, bigint]>(
      "device = (SELECT ?) AND inode = (SELECT ?) AND current_state IN ('incoming_tmp', 'incoming', 'processing') ORDER BY id DESC LIMIT 1",
    );
    this.#byId = read<[number]>('id = ?');
    this.#ofCopies = read<[]>("current_state = 'incoming_tmp' ORDER BY id");
    this.#arrive = state.prepare(`
      UPDATE file_records SET current_state = 'incoming', path = ?, next_path = NULL, last_updated = ?
      WHERE id = ? AND current_state = 'incoming_tmp'`);
    this.#adopt = state.prepare(
      'UPDATE file_records SET job_id = ?, sink_id = ?, bucket_id = ? WHERE id = ?',
    );
    this.#begin = state.prepare(`
      UPDATE file_records SET current_state = 'processing', last_updated = ?, path = ?, next_path = ?, size_bytes = ?, mtime_ns = ?,
        reason = NULL, waits_for_bucket = 0 WHERE id = ?`);
    this.#wait = state.prepare(
      'UPDATE file_records SET reason = ?, waits_for_bucket = ?, last_updated = ? WHERE id = ?',
    );
    this.#conclude = state.prepare(`
      UPDATE file_records SET upload_outcome = ?, reason = ?, path = ?, next_path = ?, last_updated = ?, waits_for_bucket = 0 WHERE id = ?`);
    this.#redirect = state.prepare('UPDATE file_records SET next_path = ? WHERE id = ?');
    this.#close = state.prepare(`
      UPDATE file_records SET current_state = ?, upload_outcome = ?, reason = ?, path = ?, next_path = NULL, last_updated = ?,
        waits_for_bucket = 0 WHERE id = ?`);
    this.#addRetry = state.prepare('UPDATE file_records SET retries = retries + 1 WHERE id = ?');
    this.#removeStates = state.prepare('DELETE FROM file_states WHERE record_id = ?');
    this.#remove = state.prepare('DELETE FROM file_records WHERE id = ?');
  }

  /** Begins a stay. `enteredAt` says since when the file was in the states before this one. @returns its id */
  add(record: NewRecord, nowMs: number, enteredAt: readonly [RecordState, number][] = []): number {
    const { id } = this.#add(record, nowMs);
    for (const [state, atMs] of enteredAt) this.#addState.run(id, state, isoOf(atMs));
    this.#addState.run(id, record.state, isoOf(nowMs));
    return id;
  }

  /** The same for a file that is in hand at once. `incomingMs` says since when it was in `incoming`. @returns the record as it is */
  addInHand(record: NewRecord & { state: 'processing' }, nowMs: number, incomingMs: number): FileRecord {
    const { id, attempt } = this.#add(record, nowMs);
    this.#addStates.run(id, 'incoming', isoOf(incomingMs), id, record.state, isoOf(nowMs));
    return { ...record, id, attempt, outcome: undefined, reason: undefined, retries: 0 };
  }

  #add(record: NewRecord, nowMs: number): { id: number; attempt: number } {
    const added = this.#insert.get({
      ...record,
      bucketId: record.bucketId ?? null,
      jobId: record.jobId ?? null,
      path: toBytes(record.path),
      nextPath: record.nextPath === undefined ? null : toBytes(record.nextPath),
      device: toSigned(record.device),
      inode: toSigned(record.inode),
      ledgerId: record.ledgerId ?? null,
      at: isoOf(nowMs),
    });
    if (added === undefined) throw new Error('a record that was added has an id');
    return added;
  }

  /** Those of these jobs that have, or had, a stay. */
  knownJobs(jobIds: readonly number[]): ReadonlySet<number> {
    return new Set(this.#knownJobs.all(JSON.stringify(jobIds)));
  }

  byId(id: number): FileRecord | undefined {
    return recordOf(this.#byId.get(id));
  }

  /** The stay that a job is in the middle of. */
  openOfJob(jobId: number): FileRecord | undefined {
    return recordOf(this.#openOfJob.get(jobId));
  }

  /** The last stay of a job that was asked for again. */
  lastOfJob(jobId: number): FileRecord | undefined {
    return recordOf(this.#lastOfJob.get(jobId));
  }

  /** The open stay of a file, whatever its name. */
  openOfInode(device: bigint, inode: bigint): FileRecord | undefined {
    return recordOf(this.#openOfInode.get(toSigned(device), toSigned(inode)));
  }

  /** The stays of copies that were complete in `incoming_tmp`, and are not known to have left it. */
  ofCopies(): FileRecord[] {
    return this.#ofCopies.all().flatMap((row) => recordOf(row) ?? []);
  }

  /** A copy was moved to `path` in `incoming`. @returns false where a server has it in hand already, or its stay is over */
  arrived(id: number, path: BytePath, nowMs: number): boolean {
    if (this.#arrive.run(toBytes(path), isoOf(nowMs), id).changes === 0) return false;
    this.#addState.run(id, 'incoming', isoOf(nowMs));
    return true;
  }

  /** A stay that began without a job is this one's. */
  adopt(id: number, { jobId, sinkId, bucketId }: { jobId: number; sinkId: number; bucketId: number }): void {
    this.#adopt.run(jobId, sinkId, bucketId, id);
  }

  /** It is in hand as it is now, and goes to `nextPath` first where it is moved. */
  begin({ id, state }: FileRecord, now: InHand, nowMs: number): void {
    const { path, nextPath, sizeBytes, mtimeNs } = now;
    const next = nextPath === undefined ? null : toBytes(nextPath);
    this.#begin.run(isoOf(nowMs), toBytes(path), next, sizeBytes, mtimeNs, id);
    if (state !== 'processing') this.#addState.run(id, 'processing', isoOf(nowMs));
  }

  /** It waits where it is. `forBucket`: because of the bucket, and it goes on when that can be sent to again. */
  wait(id: number, reason: string, forBucket: boolean, nowMs: number): void {
    this.#wait.run(reason, forBucket ? 1 : 0, isoOf(nowMs), id);
  }

  /** Charges a retry. */
  retry(id: number): void {
    this.#addRetry.run(id);
  }

  /** How the upload ended, before the file leaves `path` for `nextPath`. */
  conclude(id: number, { outcome, reason, path, nextPath }: Conclusion, nowMs: number): void {
    this.#conclude.run(outcome, reason ?? null, toBytes(path), toBytes(nextPath), isoOf(nowMs), id);
  }

  /** The name that it leaves for was taken: it leaves for another. */
  redirect(id: number, nextPath: BytePath): void {
    this.#redirect.run(toBytes(nextPath), id);
  }

  /** The stay is over, and its file is at `path`, or was there last. */
  close(id: number, { state, outcome, reason, path }: Ending, nowMs: number): void {
    this.#close.run(state, outcome ?? null, reason ?? null, toBytes(path), isoOf(nowMs), id);
    this.#addState.run(id, state, isoOf(nowMs));
  }

  /** A stay that was begun by mistake: nothing had been done. */
  withdraw(id: number): void {
    this.#removeStates.run(id);
    this.#remove.run(id);
  }
}
