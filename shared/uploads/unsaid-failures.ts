import { type BytePath, fromText } from '../fs/byte-path.ts';
import { Sinks } from '../queue/sinks.ts';
import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';
import type { FileRecord } from './file-record.ts';
import { FileRecords } from './file-records.ts';
import { pathInPlace } from './server-places.ts';

type Row = { jobId: number; reason: string };

/**
 * Stays whose job failed without anybody who knew of stays: their worker died too often, or a defect of ours was charged. The queue knows
 * jobs alone.
 */
export class UnsaidFailures {
  readonly #state: State;
  readonly #records: FileRecords;
  readonly #sinks: Sinks;
  readonly #find;
  readonly #wake;

  constructor(state: State) {
    this.#state = state;
    this.#records = new FileRecords(state);
    this.#sinks = new Sinks(state);
    // One that failed while it was leaving has its outcome: it would fail of that again and again. CROSS: more wait than have failed.
    this.#find = state.prepare<[], Row>(`
      SELECT jobs.id AS jobId, jobs.reason FROM jobs INDEXED BY jobs_failed CROSS JOIN file_records ON job_id = jobs.id
      WHERE jobs.state = 'failed' AND kind = 'upload' AND current_state IN ('incoming', 'processing') AND upload_outcome IS NULL`);
    this.#wake = state.prepare(
      "UPDATE jobs SET state = 'ready', attempts = 0, run_at_ms = 0, updated_ms = ? WHERE id = ?",
    );
  }

  /**
   * Records of each that it failed, and why. One that stays where it is is over with that. One that lies in a server directory is to leave
   * for `failed`: its job is ready for it once more, and nothing of the file is read or sent by it. Idempotent, in one transaction.
   *
   * @returns how many jobs are ready again
   */
  say(nowMs: number): number {
    if (this.#find.all().length === 0) return 0;
    return writeTransaction(
      this.#state,
      () => this.#find.all().filter((failed) => this.#sayOne(failed, nowMs)).length,
    );
  }

  #sayOne({ jobId, reason }: Row, nowMs: number): boolean {
    const record = this.#records.openOfJob(jobId);
    if (record === undefined) throw new Error(`the stay of job ${jobId} was there a moment ago`);
    const { id, path } = record;
    const nextPath = this.#placeOfFailed(record);
    if (nextPath === undefined) {
      this.#records.close(id, { state: 'failed', outcome: 'failure', reason, path }, nowMs);
      return false;
    }
    this.#records.conclude(id, { outcome: 'failure', reason, path, nextPath }, nowMs);
    this.#wake.run(nowMs, jobId);
    return true;
  }

  /** Undefined where it stays where it is. */
  #placeOfFailed({ sinkId, profile, bucket, filepath }: FileRecord): BytePath | undefined {
    const settings = this.#sinks.byId(sinkId)?.settings;
    if (settings?.type !== 's3' || settings.to.by !== 'path') return undefined;
    const at = { profile: fromText(profile), bucket: fromText(bucket), key: fromText(filepath) };
    return pathInPlace(fromText(settings.to.directory), 'failed', at);
  }
}
